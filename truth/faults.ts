import { TEXTS } from '../sandbox/answers';
import type { Fault } from '../sandbox/faults';
import { draw, pick, pickByShare } from './random';

/** The request is lost on its way: it never reaches KIS. */
export const LOST = 'lost';
/** The answer arrives, and then the connection is closed from afar: the next request meets a dead one. */
export const STALE = 'stale';
/** What happens to one attempt; nothing if `undefined`. */
export type Mishap = Fault | typeof LOST | typeof STALE | undefined;

/** What happens to one connection before a request is written on it; `null` if nothing does. */
export type ConnectionMishap = 'cutOnArrival' | 'badCertificate' | null;
/** What a proxy does instead of making a tunnel; `null` if it makes one. */
export type ProxyMishap =
	| 'asksForPassword'
	| 'badGateway'
	| 'close'
	| 'silence'
	| 'tunnelBreaks'
	| null;

/** Where KIS itself does not say whether it processed the request. */
const NO_VERDICT = ['EGW00001', 'EGW00002', 'EGW00204', 'EGW00301', 'EGW00302'];
/** "Invalid" and "expired" are statements on the token: the sandbox makes them itself, where they are true. */
const ON_THE_TOKEN = ['EGW00121', 'EGW00122', 'EGW00123'];
/** Each ends sending for all others. */
const ON_THE_CREDENTIAL = [
	'EGW00003',
	'EGW00004',
	'EGW00102',
	'EGW00103',
	'EGW00104',
	'EGW00105',
	'EGW00206',
	'EGW00207',
	'EGW00210',
	'EGW00303',
	'EGW00304',
];
/** Each holds the app key for a second. */
const RATE = ['EGW00201', 'EGW00215'];
const REFUSALS = Object.keys(TEXTS).filter(
	(code) => ![...NO_VERDICT, ...ON_THE_TOKEN].includes(code),
);
/** Drawn that seldom, lest a batch tells of nothing else. */
const RARE: Readonly<Record<string, number>> = Object.fromEntries([
	...ON_THE_CREDENTIAL.map((code) => [code, 0.02] as const),
	...RATE.map((code) => [code, 0.05] as const),
]);
const STATUSES = [200, 400, 401, 403, 500];
const SHAPES = ['oauth2', 'uapi'] as const;

/** Faults that may come whether or not the request was processed. */
const ON_THE_WAY_BACK = [
	'reset',
	'close',
	'delay',
	'drip',
	'html',
	'empty',
	'cutOff',
	'cutJson',
	'garbage',
	'gzip',
	'large',
	'endless',
	'redirect',
] as const;

const KINDS = { [LOST]: 0.1, [STALE]: 0.1, back: 0.5, noVerdict: 0.15, refusal: 0.15 } as const;

/** Longer than the timeout of the experiment. */
const LATE_MS = 3000;

/** Tokens whose every attempt goes wrong: retries would settle nearly all the others. */
const CURSED_SHARE = 0.1;

export function isCursed(seed: number, token: string, share: number): boolean {
	return share > 0 && draw(seed, token, 'cursed') < CURSED_SHARE;
}

/** What happens to one attempt on one token: drawn from the seed, whatever runs beside it. Faults never lie. */
export function drawMishap(seed: number, token: string, attempt: number, share: number): Mishap {
	const random = (what: string) => draw(seed, token, attempt, what);
	if (!isCursed(seed, token, share) && random('any') >= share) return undefined;
	const status = pick(STATUSES, random('status'));
	const shape = pick(SHAPES, random('shape'));
	const processed = random('processed') < 0.5;
	const kind = pickByShare(KINDS, random('kind'));
	switch (kind) {
		case LOST:
		case STALE:
			return kind;
		case 'back':
			return { kind: pick(ON_THE_WAY_BACK, random('back')), processed, delayMs: LATE_MS };
		case 'noVerdict':
			return { kind: 'refuse', code: pick(NO_VERDICT, random('code')), status, shape, processed };
		case 'refusal': {
			const codes = REFUSALS.filter((code) => random(code) < (RARE[code] ?? 1));
			return { kind: 'refuse', code: pick(codes, random('code')), status, shape };
		}
	}
}

/** Whether every other token would get the same answer. */
export function endsSending(fault: Fault | null): boolean {
	return fault?.kind === 'refuse' && ON_THE_CREDENTIAL.includes(fault.code ?? '');
}

/** Of the attempts that go wrong, so many do before there is a request. */
const CONNECTION_SHARE = 0.25;

export function drawConnectionMishap(
	seed: number,
	batch: number,
	connection: number,
	share: number,
): ConnectionMishap {
	const random = (what: string) => draw(seed, 'connection', batch, connection, what);
	if (random('any') >= share * CONNECTION_SHARE) return null;
	return pick(['cutOnArrival', 'badCertificate'], random('kind'));
}

export function drawProxyMishap(
	seed: number,
	batch: number,
	connection: number,
	share: number,
): ProxyMishap {
	const random = (what: string) => draw(seed, 'proxy', batch, connection, what);
	if (random('any') >= share * CONNECTION_SHARE) return null;
	return pick(
		['asksForPassword', 'badGateway', 'close', 'silence', 'tunnelBreaks'],
		random('kind'),
	);
}
