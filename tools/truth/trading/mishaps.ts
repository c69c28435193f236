import type { TokenIssuer } from '../../sandbox/apps';
import type { LocalKis } from '../../sandbox/kis';
import type { Fault } from '../../sandbox/faults';
import { drawMishap, LOST, type Mishap } from '../faults';
import { drawMishapOfKept } from '../questionDraws';
import { draw, pick, pickByShare } from '../random';
import type { Request } from '../relay';
import type { Apps } from '../tokens';

/** What a request is for. */
export type Purpose = 'issue' | 'revoke' | 'question' | 'quote' | 'order';

export const ORDER_PATH = '/uapi/domestic-stock/v1/trading/order-cash';
export const QUOTE_PATH = '/uapi/domestic-stock/v1/quotations/inquire-price';
/** The product asks for this share only, the workflows for others. */
const QUESTION = 'FID_INPUT_ISCD=005930';

export function purposeOf({ path }: Request): Purpose {
	if (path.endsWith('/oauth2/tokenP')) return 'issue';
	if (path.endsWith('/oauth2/revokeP')) return 'revoke';
	if (path.includes(ORDER_PATH)) return 'order';
	return path.includes(QUESTION) ? 'question' : 'quote';
}

const BACK = ['reset', 'close', 'delay', 'html', 'empty', 'cutOff', 'cutJson', 'garbage'] as const;
const DIGEST = { 'www-authenticate': 'Digest realm="relay", nonce="1", qop="auth"' };
/** What comes instead of an answer to a request of a workflow. The credential does not see it. */
const TO_REQUESTS: ReadonlyArray<Fault | typeof LOST> = [
	LOST,
	...BACK.map((kind) => ({ kind, processed: true, delayMs: 3000 })),
	{ kind: 'raw', status: 401, body: '{}', processed: true },
	{ kind: 'raw', status: 401, body: '{}', headers: DIGEST },
	{ kind: 'raw', status: 401, body: '{"message":"Unauthorized"}' },
	{ kind: 'raw', status: 500, body: '{"rt_cd":"1","msg_cd":"","msg1":""}', processed: true },
	{ kind: 'raw', status: 502, body: '<html>', processed: true },
	{ kind: 'refuse', code: 'EGW00121', shape: 'uapi' },
	{ kind: 'refuse', code: 'EGW00123', shape: 'uapi', processed: true },
	{ kind: 'refuse', code: 'EGW00201', shape: 'uapi' },
	{ kind: 'refuse', code: 'EGW00201', shape: 'uapi', status: 200 },
	{ kind: 'redirect', status: 307, location: ORDER_PATH, processed: true },
];

/** Of the mishaps of token requests, so many give a token that is not as usual, or refuse for the one a minute. */
const STRANGE_SHARE = 0.35;
const LIMITED_SHARE = 0.1;
/** All but the last must not be used. */
const STRANGE = {
	foreign: 0.2,
	expired: 0.2,
	cutOff: 0.2,
	isOver: 0.2,
	word: 0.1,
	opaque: 0.1,
} as const;

const HOUR_MS = 60 * 60 * 1000;

/** Where a mishap is drawn for. */
export interface Place {
	readonly seed: number;
	readonly world: number;
	readonly share: number;
	readonly apps: Apps;
	readonly kis: LocalKis;
	/** Makes tokens that KIS does not know. */
	readonly strangers: TokenIssuer;
	/** Of a token. */
	readonly lifeMs: number;
	/** Milliseconds since 1970, by the world's clock. */
	now(): number;
}

/** What happens to a request, the `times`th for its purpose (for an order or a quote: with its number). */
export function drawTradingMishap(request: Request, times: number, place: Place): Mishap {
	const { seed, world, share } = place;
	const purpose = purposeOf(request);
	const name = `${world}/${purpose}`;
	switch (purpose) {
		case 'issue':
			return drawIssueMishap(request, name, times, place);
		case 'revoke':
			return drawMishap(seed, name, times, share);
		case 'question':
			return drawMishapOfKept(seed, name, times, share);
		default: {
			const random = (what: string) => draw(seed, name, request.path, request.body, times, what);
			if (random('any') < share) return pick(TO_REQUESTS, random('kind'));
			return purpose === 'order' ? takeOrder(request, place) : undefined;
		}
	}
}

function drawIssueMishap(request: Request, name: string, times: number, place: Place): Mishap {
	const { seed, share } = place;
	const random = (what: string) => draw(seed, name, times, what);
	const mishap = drawMishap(seed, name, times, share);
	if (mishap === undefined) return mishap;
	if (random('strange') < STRANGE_SHARE) return giveStrange(request, random, place);
	const isLimited = random('limited') < LIMITED_SHARE;
	return isLimited ? { kind: 'refuse', code: 'EGW00133', status: 403 } : mishap;
}

/** KIS knows none of these tokens, except the opaque one, which it issues. */
function giveStrange(
	{ appkey }: Request,
	random: (what: string) => number,
	{ apps, kis, strangers, lifeMs, now }: Place,
): Fault {
	const stranger = Object.values(apps).find((app) => app.appkey !== appkey) ?? apps.other;
	const kind = pickByShare(STRANGE, random('which'));
	const strange = (life: number, owner = appkey) => strangers.issue(owner, now(), life).value;
	const value = {
		foreign: () => strange(lifeMs, stranger.appkey),
		expired: () => strange(-HOUR_MS),
		cutOff: () => strange(lifeMs).slice(0, -5),
		isOver: () => strange(lifeMs),
		word: () => 'pending',
		opaque: () => kis.mintApart(appkey, lifeMs, 'opaque').value,
	}[kind]();
	const body = {
		access_token: value,
		token_type: 'Bearer',
		expires_in: kind === 'isOver' ? 0 : lifeMs / 1000,
		...(kind === 'opaque' && { access_token_token_expired: koreanTime(now() + lifeMs) }),
	};
	return { kind: 'raw', body: JSON.stringify(body) };
}

/** The sandbox takes no orders: this does, with a token that is good. */
function takeOrder({ appkey, token }: Request, { kis }: Place): Fault {
	const isGood = kis.isLive(token) && kis.tokensOf(appkey).some(({ value }) => value === token);
	return isGood
		? { kind: 'raw', body: '{"rt_cd":"0","msg_cd":"APBK0013","output":{"ODNO":"0000117057"}}' }
		: { kind: 'refuse', code: 'EGW00121', shape: 'uapi' };
}

/** As KIS writes it: without an offset. */
function koreanTime(moment: number): string {
	return new Date(moment + 9 * HOUR_MS).toISOString().slice(0, 19).replace('T', ' ');
}
