import type { Fault } from '../sandbox/faults';
import { LOST, type Mishap } from './faults';
import { draw, pick } from './random';

/** Of the worlds, in so many the user has turned the question off. */
const OFF_SHARE = 0.15;

/** In place of KIS's answer to a quote. None of them says of a token that it is alive or dead. */
const MISHAPS: ReadonlyArray<Fault | typeof LOST> = [
	LOST,
	...(['reset', 'close', 'html', 'empty', 'cutOff', 'cutJson', 'garbage', 'gzip'] as const).map(
		(kind) => ({ kind, processed: true }),
	),
	{ kind: 'delay', delayMs: 3000, processed: true },
	{ kind: 'raw', body: '{}' },
	{ kind: 'raw', body: '{"code":200,"message":"OK"}' },
	{ kind: 'raw', status: 502, body: '{"rt_cd":"0","msg_cd":"MCA00000","msg1":"정상"}' },
	{ kind: 'raw', status: 503, body: '<html>' },
	{ kind: 'raw', status: 403, body: '{"message":"no"}' },
	{ kind: 'raw', body: '{"rt_cd":"1","msg_cd":"EGW00124","msg1":"?"}' },
	{ kind: 'refuse', code: 'EGW00201', shape: 'uapi' },
	{ kind: 'refuse', code: 'EGW00206', shape: 'uapi' },
	{ kind: 'refuse', code: 'EGW00301', shape: 'uapi' },
];

/** What KIS says of a token of the other environment, too. */
const EXPIRED: Fault = { kind: 'refuse', code: 'EGW00123', shape: 'uapi' };
const EXPIRED_SHARE = 0.3;

/** What happens to one question about a token of which nobody knows where it is from. */
export function drawQuestionMishap(
	seed: number,
	name: string,
	times: number,
	share: number,
): Mishap {
	const mishap = drawMishapOfKept(seed, name, times, share);
	const isOfEnvironment = draw(seed, name, 'question', times, 'environment') < EXPIRED_SHARE;
	return mishap && isOfEnvironment ? EXPIRED : mishap;
}

/** What happens to one question about the token that the credential keeps. */
export function drawMishapOfKept(seed: number, name: string, times: number, share: number): Mishap {
	const random = (what: string) => draw(seed, name, 'question', times, what);
	return random('any') < share ? pick(MISHAPS, random('kind')) : undefined;
}

/** Whether the user lets the node ask. */
export function drawAsks(seed: number, batch: number): boolean {
	return draw(seed, 'asks', batch) >= OFF_SHARE;
}
