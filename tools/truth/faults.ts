import { TEXTS } from '../sandbox/texts';
import type { Fault } from '../sandbox/faults';
import { drawAnswer } from './answers';
import { draw, pick, pickByShare } from './random';
import { NO_VERDICT, ON_THE_CREDENTIAL } from './reading';

/** The request is lost on its way: it never reaches KIS. */
export const LOST = 'lost';
/** The answer arrives, and then the connection is closed from afar: the next request meets a dead one. */
export const STALE = 'stale';
/** What happens to one attempt; nothing if `undefined`. */
export type Mishap = Fault | typeof LOST | typeof STALE | undefined;

/** What happens to a connection before there is a request on it. */
const TO_CONNECTIONS = ['cutOnArrival', 'badCertificate'] as const;
export type ConnectionMishap = (typeof TO_CONNECTIONS)[number] | null;
/** What a proxy does instead of making a tunnel. */
const TO_TUNNELS = ['asksForPassword', 'badGateway', 'close', 'silence', 'tunnelBreaks'] as const;
export type ProxyMishap = (typeof TO_TUNNELS)[number] | null;

/** "Invalid" and "expired" are statements on the token: the sandbox makes them itself, where they are true. */
const ON_THE_TOKEN = ['EGW00121', 'EGW00122', 'EGW00123'];
/** The node lets everything on the app key wait for a second. */
const RATE = ['EGW00201', 'EGW00215'];
const REFUSALS = Object.keys(TEXTS).filter(
	(code) => ![...NO_VERDICT, ...ON_THE_TOKEN].includes(code),
);
/** Drawn rarely: one of the first ends a whole batch, one of the others slows it down. */
const RARE: Readonly<Record<string, number>> = Object.fromEntries([
	...ON_THE_CREDENTIAL.map((code) => [code, 0.02] as const),
	...RATE.map((code) => [code, 0.2] as const),
]);
/** A code of KIS's list means the same on each. */
const STATUSES = [200, 400, 401, 403, 500, 202, 404, 409, 502, 504];
const REDIRECTS = [301, 302, 303, 307, 308];
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

const KINDS = {
	[LOST]: 0.07,
	[STALE]: 0.07,
	back: 0.25,
	noVerdict: 0.07,
	refusal: 0.1,
	answer: 0.44,
} as const;

/** Longer than the timeout of the experiment. */
const LATE_MS = 3000;

/** Tokens whose every attempt goes wrong: retries would settle nearly all the others. */
const CURSED_SHARE = 0.1;

/** @param name See `World.nameOf`. */
export function isCursed(seed: number, name: string, share: number): boolean {
	return share > 0 && draw(seed, name, 'cursed') < CURSED_SHARE;
}

/** What happens to one attempt on one token: drawn from the seed, whatever runs beside it. Faults never lie. */
export function drawMishap(seed: number, name: string, attempt: number, share: number): Mishap {
	const random = (what: string) => draw(seed, name, attempt, what);
	if (!isCursed(seed, name, share) && random('any') >= share) return undefined;
	const status = pick(STATUSES, random('status'));
	const shape = pick(SHAPES, random('shape'));
	const processed = random('processed') < 0.5;
	const what = pickByShare(KINDS, random('kind'));
	switch (what) {
		case LOST:
		case STALE:
			return what;
		case 'back': {
			const kind = pick(ON_THE_WAY_BACK, random('back'));
			const ofPage = kind === 'redirect' ? pick(REDIRECTS, random('status')) : status;
			return { kind, processed, status: ofPage, delayMs: LATE_MS };
		}
		case 'noVerdict':
			return { kind: 'refuse', code: pick(NO_VERDICT, random('code')), status, shape, processed };
		case 'refusal': {
			const codes = REFUSALS.filter((code) => random(code) < (RARE[code] ?? 1));
			return { kind: 'refuse', code: pick(codes, random('code')), status, shape };
		}
		case 'answer':
			return drawAnswer(random);
	}
}

/** Of connections, so much less goes wrong than of attempts. */
const CONNECTION_SHARE = 0.5;

/** What happens to a connection of a batch, by its number. */
export function drawConnectionMishap(
	seed: number,
	batch: number,
	connection: number,
	share: number,
): ConnectionMishap {
	return drawEarlyMishap(TO_CONNECTIONS, share, seed, 'connection', batch, connection);
}

/** What happens to a tunnel of a batch, by its number. */
export function drawProxyMishap(
	seed: number,
	batch: number,
	tunnel: number,
	share: number,
): ProxyMishap {
	return drawEarlyMishap(TO_TUNNELS, share, seed, 'tunnel', batch, tunnel);
}

function drawEarlyMishap<T>(
	kinds: readonly T[],
	share: number,
	seed: number,
	...what: Array<string | number>
): T | null {
	if (draw(seed, ...what, 'any') >= share * CONNECTION_SHARE) return null;
	return pick(kinds, draw(seed, ...what, 'kind'));
}
