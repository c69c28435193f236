// A KIS of the tests' own, which shares nothing with the sandbox: it issues, revokes and answers quotes and orders, and
// does to any of these what a test says.
import { latenessAt } from './lateness';
import {
	http,
	refusal,
	startServer,
	type Answer,
	type ScriptedServer,
	type SeenRequest,
} from './scriptedServer';
import { makeKeyPair, makeToken, type KeyPair } from './tokens';

const PATHS = {
	tokenP: '/oauth2/tokenP',
	revokeP: '/oauth2/revokeP',
	quote: '/uapi/domestic-stock/v1/quotations/inquire-price',
	order: '/uapi/domestic-stock/v1/trading/order-cash',
} as const;
export type Endpoint = keyof typeof PATHS;

/** In place of the next usual answers to an endpoint; `null` is the usual one. */
type Orders = Partial<Record<Endpoint, Array<Answer | null>>>;

export const uapiRefusal = (code: string, status = 500): Answer =>
	http(status, JSON.stringify({ rt_cd: '1', msg_cd: code, msg1: '거부' }));

export class KisDouble {
	readonly keys: KeyPair;
	/** Seconds; what a token says of itself. */
	life = 24 * 60 * 60;
	/** What tokenP gives; a new one each time if `null`. */
	gives: string | null = null;
	/** What is given for any other path. */
	unknown: Answer = http(404, '{}');
	/** Requests that it takes in any second, but for tokenP, which has a limit of its own. */
	limit = Infinity;
	/** How many it has refused for that. */
	refused = 0;
	/** In front of all paths. */
	prefix = '';
	readonly live = new Set<string>();
	readonly orders: Orders = {};
	/** When those that count arrived, on the monotonic clock. */
	readonly #counted: number[] = [];
	#server: ScriptedServer | null = null;

	constructor(keys = makeKeyPair()) {
		this.keys = keys;
	}

	async start(): Promise<this> {
		this.#server = await startServer({ answer: (request) => this.#answer(request) });
		return this;
	}

	get url(): string {
		return this.#started.url;
	}

	get requests(): readonly SeenRequest[] {
		return this.#started.requests;
	}

	/** Of an endpoint, or of all: in their order. */
	seen(endpoint: Endpoint): SeenRequest[] {
		return this.requests.filter(({ line }) => pathOf(line) === this.prefix + PATHS[endpoint]);
	}

	urlOf(endpoint: Endpoint): string {
		return this.url + PATHS[endpoint];
	}

	/** A token as KIS would issue it, which lives. */
	mint(claims: object = {}): string {
		const iat = Math.floor(Date.now() / 1000);
		const token = makeToken(this.keys.appkey, { iat, exp: iat + this.life, ...claims });
		this.live.add(token);
		return token;
	}

	tokensOf(endpoint: Endpoint): Array<string | null> {
		return this.seen(endpoint).map(({ headers }) => headers.authorization?.slice(7) ?? null);
	}

	async received(count: number): Promise<void> {
		await this.#started.received(count);
	}

	async close(): Promise<void> {
		await this.#started.close();
	}

	get #started(): ScriptedServer {
		if (!this.#server) throw new Error('not started');
		return this.#server;
	}

	#answer(request: SeenRequest): Answer {
		const path = pathOf(request.line).replace(this.prefix, '');
		const endpoint = (Object.keys(PATHS) as Endpoint[]).find((name) => PATHS[name] === path);
		if (!endpoint) return this.unknown;
		if (endpoint !== 'tokenP' && !this.#takes(request)) {
			this.refused++;
			return endpoint === 'revokeP' ? refusal('EGW00201') : uapiRefusal('EGW00201');
		}
		const ordered = this.orders[endpoint]?.shift();
		return ordered ?? this.#usual(endpoint, request);
	}

	#takes({ at }: SeenRequest): boolean {
		const isRecent = (counted: number) => counted > at - 1000 + latenessAt(counted);
		if (this.#counted.filter(isRecent).length >= this.limit) return false;
		this.#counted.push(at);
		return true;
	}

	#usual(endpoint: Endpoint, { headers, body }: SeenRequest): Answer {
		switch (endpoint) {
			case 'tokenP': {
				const access_token = this.gives ?? this.mint();
				return http(
					200,
					JSON.stringify({ access_token, token_type: 'Bearer', expires_in: this.life }),
				);
			}
			case 'revokeP': {
				const { token } = JSON.parse(body) as { token: string };
				return this.live.delete(token)
					? http(200, '{"code":200,"message":"접근토큰 폐기에 성공하였습니다."}')
					: http(
							403,
							'{"error_code":"EGW00121","error_description":"유효하지 않은 token 입니다."}',
						);
			}
			case 'quote':
			case 'order':
				return this.live.has(headers.authorization?.replace(/^Bearer /, '') ?? '')
					? http(200, '{"rt_cd":"0","msg_cd":"MCA00000","msg1":"정상처리 되었습니다."}')
					: uapiRefusal('EGW00121');
		}
	}
}

function pathOf(line: string): string {
	return line.split(' ')[1].split('?')[0];
}
