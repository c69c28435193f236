import { TEXTS } from '../sandbox/answers';
import type { Fault } from '../sandbox/faults';
import { draw, pick } from './random';

/** The connection is reset before the request has reached KIS. */
export const LOST = 'lost';
export type Mishap = Fault | typeof LOST | undefined;

/** Where KIS itself does not say whether it processed the request. */
const NO_VERDICT = ['EGW00001', 'EGW00002', 'EGW00204', 'EGW00301', 'EGW00302'];
/** "Invalid" and "expired" are statements on the token: the sandbox makes them itself, where they are true. */
const ON_THE_TOKEN = ['EGW00121', 'EGW00122', 'EGW00123'];
/** They would end sending for all others. */
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
const REFUSALS = Object.keys(TEXTS).filter(
	(code) => ![...NO_VERDICT, ...ON_THE_TOKEN, ...ON_THE_CREDENTIAL].includes(code),
);
/** Each holds the app key for a second. */
const RATE = ['EGW00201', 'EGW00215'];
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

/** Longer than the timeout of the experiment. */
const LATE_MS = 3000;

/** Tokens whose every attempt goes wrong: retries would settle nearly all the others. */
const CURSED_SHARE = 0.1;

/** What happens to one attempt on one token: drawn from the seed, whatever runs beside it. Faults never lie. */
export function drawMishap(seed: number, token: string, attempt: number, share: number): Mishap {
	const random = (what: string) => draw(seed, token, attempt, what);
	const isCursed = share > 0 && draw(seed, token, 'cursed') < CURSED_SHARE;
	if (!isCursed && random('any') >= share) return undefined;
	const status = pick(STATUSES, random('status'));
	const shape = pick(SHAPES, random('shape'));
	const processed = random('processed') < 0.5;
	const kind = random('kind');
	if (kind < 0.1) return LOST;
	if (kind < 0.7) {
		const back = pick(ON_THE_WAY_BACK, random('back'));
		return { kind: back, processed, delayMs: LATE_MS };
	}
	if (kind < 0.85) {
		const code = pick(NO_VERDICT, random('code'));
		return { kind: 'refuse', code, status, shape, processed };
	}
	const codes = REFUSALS.filter((code) => !RATE.includes(code) || random('rate') < 0.02);
	return { kind: 'refuse', code: pick(codes, random('code')), status, shape };
}
