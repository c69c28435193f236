import { createHash, randomUUID } from 'node:crypto';

import { refusal, type JsonReply } from './texts';
import { TokenIssuer, type App, type IssuedToken, type TokenForm } from './apps';
import { RateWindow } from './rateWindow';
import { defaultSwitches, type Switches } from './switches';

const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;
const TOKEN_LIFE_MS = 24 * HOUR_MS;
/** Of its life, how long KIS gives the same token again: six hours of a day. */
const SAME_TOKEN_SHARE = 1 / 4;
const KOREAN_OFFSET_MS = 9 * HOUR_MS;

/** Requests per second and app key. */
export const RATE_LIMITS = { real: 18, paper: 1 } as const;
export type EnvironmentName = keyof typeof RATE_LIMITS;

export interface KisRequest {
	readonly method: string;
	readonly path: string;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string | undefined>>;
	readonly body: string;
}

export interface KisOptions {
	readonly environment: EnvironmentName;
	readonly apps: readonly App[];
	/** Instead of the environment's. */
	readonly requestsPerSecond?: number;
	/** How long an issued token lives, in milliseconds, instead of a day. For a quarter of it, the same one is given again. */
	readonly tokenLifeMs?: number;
	/** Milliseconds since 1970; for tests that cannot wait six hours. */
	readonly now?: () => number;
	/** The monotonic clock of the requests per second, in milliseconds; for tests that cannot wait at all. */
	readonly elapsed?: () => number;
}

type Fields = Readonly<Record<string, unknown>>;
type Handler = (request: KisRequest, body: Fields) => JsonReply;

/** What KIS does with a request, without the transport. */
export class LocalKis {
	readonly switches: Switches = defaultSwitches();
	readonly #options: KisOptions;
	readonly #now: () => number;
	readonly #issuer = new TokenIssuer();
	/** By app key: the last that was requested. */
	readonly #latest = new Map<string, IssuedToken>();
	readonly #windows = new Map<string, RateWindow>();

	readonly #routes: Readonly<Record<string, Handler>> = {
		'POST /oauth2/tokenP': (_request, body) => this.#issue(body),
		'POST /oauth2/revokeP': (_request, body) => this.#revoke(body),
		'POST /oauth2/Approval': (_request, body) => this.#approve(body),
		'POST /uapi/hashkey': (request, body) => this.#hash(request, body),
		'GET /uapi/domestic-stock/v1/quotations/inquire-price': (request) => this.#quote(request),
	};

	constructor(options: KisOptions) {
		this.#options = options;
		this.#now = options.now ?? Date.now;
	}

	answer(request: KisRequest): JsonReply {
		const [path] = request.path.split('?');
		const handler = this.#routes[`${request.method} ${path}`];
		if (!handler) return { status: 404, json: {} };
		const isOauth = path.startsWith('/oauth2/');
		const shape = isOauth ? 'oauth2' : 'uapi';
		const body = parseObject(request.body);
		if (request.method === 'POST') {
			if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
				return refusal('EGW00132', 403, shape);
			}
			if (!body) return refusal('EGW00101', 403, shape);
		}
		const appkey = String((isOauth ? body?.appkey : request.headers.appkey) ?? '');
		if ((!isOauth || this.switches.oauthCounts) && !this.#window(appkey).accepts()) {
			return refusal('EGW00201', this.switches.rateRefusalStatus, shape);
		}
		return handler(request, body ?? {});
	}

	/** A token that another program has requested, outside the rules for issuing: for tests and demonstrations. */
	mint(appkey: string, lifeMs?: number, form?: TokenForm): IssuedToken {
		const token = this.mintApart(appkey, lifeMs, form);
		this.#latest.set(appkey, token);
		return token;
	}

	/** The same, but nobody who requests a token is given it again. */
	mintApart(appkey: string, lifeMs = TOKEN_LIFE_MS, form?: TokenForm): IssuedToken {
		return this.#issuer.issue(appkey, this.#now(), lifeMs, form);
	}

	/** All tokens of an app key, dead or alive, oldest first. */
	tokensOf(appkey: string): readonly IssuedToken[] {
		return this.#issuer.allOf(appkey);
	}

	/** The last token that was requested for an app key, dead or alive. */
	latestOf(appkey: string): IssuedToken | undefined {
		return this.#latest.get(appkey);
	}

	/** Whether it was ever issued here, dead or alive. */
	isKnown(token: string): boolean {
		return this.#state(token) !== 'unknown';
	}

	isLive(token: string): boolean {
		return this.#state(token) === 'live';
	}

	#issue(body: Fields): JsonReply {
		const refused = this.#refusedGrant(body, body.appsecret);
		if (refused) return refused;
		const appkey = String(body.appkey);
		const now = this.#now();
		const latest = this.#latest.get(appkey);
		const age = latest ? now - latest.issuedAt : Infinity;
		const { tokenLifeMs = TOKEN_LIFE_MS } = this.#options;
		const again =
			latest &&
			age < tokenLifeMs * SAME_TOKEN_SHARE &&
			(!latest.revoked || this.switches.issueAfterRevoke === 'sameToken');
		if (age < MINUTE_MS && !again) return refusal('EGW00133', 403, 'oauth2');
		const token = again ? latest : this.#issuer.issue(appkey, now, tokenLifeMs);
		this.#latest.set(appkey, token);
		return {
			status: 200,
			json: {
				access_token: token.value,
				access_token_token_expired: koreanTime(token.expiresAt),
				token_type: 'Bearer',
				expires_in: Math.floor((token.expiresAt - now) / 1000),
			},
		};
	}

	#revoke(body: Fields): JsonReply {
		const value = String(body.token ?? '');
		const refusedKey = this.#refusedKey(body, body.appsecret);
		const unchanged = this.#unchanged(value, String(body.appkey));
		const byKeyFirst = [refusedKey, unchanged];
		const order = this.switches.checkedFirst === 'key' ? byKeyFirst : byKeyFirst.reverse();
		const answer = order.find((one) => one !== null);
		if (answer) return answer;
		const token = this.#issuer.find(value);
		if (token) token.revoked = true;
		return this.#confirmation();
	}

	#confirmation(): JsonReply {
		const message = '접근토큰 폐기에 성공하였습니다.';
		return {
			status: 200,
			json: {
				number: { code: 200, message },
				text: { code: '200', message },
				absent: { message },
			}[this.switches.successCode],
		};
	}

	#approve(body: Fields): JsonReply {
		// This endpoint calls the app secret "secretkey".
		return (
			this.#refusedGrant(body, body.secretkey) ?? {
				status: 200,
				json: { approval_key: randomUUID() },
			}
		);
	}

	#hash({ headers, body }: KisRequest, json: Fields): JsonReply {
		if (!headers.appkey) return refusal('EGW00102', 500, 'uapi');
		const hash = createHash('sha256').update(body).digest('hex');
		return { status: 200, json: { BODY: json, HASH: hash } };
	}

	#quote({ headers, path }: KisRequest): JsonReply {
		const app = this.#options.apps.find(({ appkey }) => appkey === headers.appkey);
		if (!app) return refusal('EGW00103', 500, 'uapi');
		if (app.appsecret !== headers.appsecret) return refusal('EGW00304', 500, 'uapi');
		const [, bearer] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
		if (!bearer) return refusal('EGW00205', 500, 'uapi');
		const state = this.#state(bearer);
		if (state === 'expired') return refusal('EGW00123', 500, 'uapi');
		if (state !== 'live' || this.#issuer.find(bearer)?.appkey !== app.appkey) {
			return refusal('EGW00121', 500, 'uapi');
		}
		// KIS's page writes the names in capitals, its Postman collection in small letters.
		const query = new URLSearchParams(path.split('?')[1]?.toLowerCase());
		const code = query.get('fid_input_iscd') ?? '';
		return {
			status: 200,
			json: {
				output: { stck_shrn_iscd: code, stck_prpr: '71500', prdy_ctrt: '0.42' },
				rt_cd: '0',
				msg_cd: 'MCA00000',
				msg1: '정상처리 되었습니다.',
			},
		};
	}

	#refusedGrant(body: Fields, secret: unknown): JsonReply | null {
		if (!body.grant_type) return refusal('EGW00115', 403, 'oauth2');
		if (body.grant_type !== 'client_credentials') return refusal('EGW00116', 403, 'oauth2');
		return this.#refusedKey(body, secret);
	}

	#refusedKey({ appkey }: Fields, secret: unknown): JsonReply | null {
		if (!appkey) return refusal('EGW00102', 403, 'oauth2');
		if (!secret) return refusal('EGW00104', 403, 'oauth2');
		const app = this.#options.apps.find((known) => known.appkey === appkey);
		if (!app) return refusal('EGW00103', 403, 'oauth2');
		return app.appsecret === secret ? null : refusal('EGW00105', 403, 'oauth2');
	}

	/** Returns the answer to a revoke that changes nothing; `null` if the token is to be revoked. */
	#unchanged(value: string, appkey: string): JsonReply | null {
		const { revokeRefusalStatus, revokeRefusalShape, ...reactions } = this.switches;
		const state = this.#state(value);
		const isForeign = state !== 'unknown' && this.#issuer.find(value)?.appkey !== appkey;
		const reaction = isForeign
			? reactions.foreignToken
			: {
					live: null,
					revoked: reactions.revokedToken,
					expired: reactions.expiredToken,
					unknown: reactions.unknownToken,
				}[state];
		if (reaction === null) return null;
		return reaction === 'success'
			? this.#confirmation()
			: refusal(reaction, revokeRefusalStatus, revokeRefusalShape);
	}

	#state(value: string): 'live' | 'revoked' | 'expired' | 'unknown' {
		const token = this.#issuer.find(value);
		if (!token) return 'unknown';
		if (token.expiresAt <= this.#now()) return 'expired';
		return token.revoked ? 'revoked' : 'live';
	}

	#window(appkey: string): RateWindow {
		const { environment, requestsPerSecond, elapsed = () => performance.now() } = this.#options;
		const limit = requestsPerSecond ?? RATE_LIMITS[environment];
		const window = this.#windows.get(appkey) ?? new RateWindow(limit, elapsed);
		this.#windows.set(appkey, window);
		return window;
	}
}

/** As KIS writes it: Korean time without an offset. */
function koreanTime(milliseconds: number): string {
	return new Date(milliseconds + KOREAN_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

function parseObject(text: string): Fields | null {
	try {
		const json: unknown = JSON.parse(text);
		return typeof json === 'object' && json !== null ? (json as Fields) : null;
	} catch {
		return null;
	}
}
