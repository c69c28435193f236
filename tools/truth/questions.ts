import { fingerprint } from '../sandbox/apps';
import type { Fault } from '../sandbox/faults';
import type { Allowed, Heard } from './allowed';
import { LOST, type Mishap } from './faults';
import type { TokenFacts } from './outcomes';
import { draw, pick } from './random';
import type { MadeToken } from './tokens';
import { BUSY_MS } from './turns';
import type { Played, World } from './world';

/** Of the worlds, in so many the user has turned the question off. */
const OFF_SHARE = 0.15;
/** Clocks and timers. */
const TOLERANCE_MS = 100;
/** A moment is written to the second. */
const RESOLUTION_MS = 1000;
/** An answer that took so long may have come too late. */
const SOON_MS = 1000;

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
const EXPIRED_SHARE = 0.1;

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

/** What an answer to the question makes of the token; nothing where it decides nothing. */
export function meansOfAnswer({ means }: Heard): 'foundInvalid' | 'foundExpired' | null {
	if (means === 'invalid') return 'foundInvalid';
	return means === 'expired' ? 'foundExpired' : null;
}

/** Whether the node cannot have missed the answer. */
export function isHeard(
	{ mishap, at, answeredAt }: Heard,
	{ act, longestTurnMs }: Played,
): boolean {
	const isCalm = act.event === 'nothing' || act.event === 'retryOnFail';
	const isSoon = answeredAt - at < SOON_MS && longestTurnMs <= BUSY_MS;
	return isCalm && mishap === undefined && isSoon;
}

/**
 * What is wrong with the questions about one token, and with what is said of their answers: one line for each.
 *
 * @param heard Of the token, in this execution.
 * @param allowedBefore What might be said of it after so many of these.
 */
export function wrongQuestions(
	token: MadeToken,
	item: number,
	world: World,
	played: Played,
	heard: readonly Heard[],
	facts: TokenFacts,
	allowedBefore: (heard: readonly Heard[]) => Allowed,
): string[] {
	const { act, happenedAt } = played;
	const questions = heard.filter(({ isQuestion }) => isQuestion);
	const wrongs: string[] = [];
	const tries = act.event === 'retryOnFail' ? 2 : 1;
	if (questions.length > 0 && !world.asks)
		wrongs.push('KIS was asked against the will of the user');
	if (questions.length > 0 && !facts.isOurs) wrongs.push('KIS was asked in vain');
	if (questions.length > tries) wrongs.push(`KIS was asked ${questions.length} times`);
	if (act.event === 'stop' && happenedAt !== null) {
		const late = questions.some(({ at }) => at > happenedAt + SOON_MS);
		if (late) wrongs.push('KIS was asked after Stop');
	}
	for (const question of questions) {
		const { outcomes, ifUnseen } = allowedBefore(heard.slice(0, heard.indexOf(question)));
		const mayBeOpen = outcomes.has('unknown') || ifUnseen.has('unknown');
		if (!mayBeOpen) wrongs.push('KIS was asked though nothing was open');
	}
	const falsehood = falsehoodOf(token, played.stillAcceptedAt[item], world, played, questions);
	if (falsehood) wrongs.push(falsehood);
	return wrongs;
}

/** Returns what is wrong with the moment at which a token is said to have been alive; `null` if nothing. */
function falsehoodOf(
	token: MadeToken,
	said: string | null,
	world: World,
	{ act, outcomes }: Played,
	questions: readonly Heard[],
): string | null {
	const { value, kind } = token;
	if (said === null || value === null) return null;
	const moment = Date.parse(said);
	const isOfOpen = act.tokens.every((one, i) => one.value !== value || outcomes[i] === 'unknown');
	if (!/^[\d-]{10}T[\d:]{8}[+]09:00$/.test(said) || !isOfOpen) return `it was alive at ${said}`;
	const isSeen = questions.some(({ gaveQuote, at }) => {
		const age = performance.timeOrigin + at - moment;
		return gaveQuote && age > -TOLERANCE_MS && age < RESOLUTION_MS + SOON_MS;
	});
	if (!isSeen) return `no quote was given for it at ${said}`;
	const wasNeverAlive = kind === 'dead' || kind === 'expired';
	return wasNeverAlive || moment > diedAt(token, world) + TOLERANCE_MS
		? `it was dead at ${said}`
		: null;
}

/** When a token was revoked that had been alive, in milliseconds since 1970; infinite if it was not. */
function diedAt({ value, owner }: MadeToken, world: World): number {
	const revokes = world.kis.sandbox.calls.filter(
		({ path, appkey, tokenFingerprint, result }) =>
			path === '/oauth2/revokeP' &&
			appkey === owner &&
			tokenFingerprint === fingerprint(value ?? '') &&
			result === '200',
	);
	return performance.timeOrigin + Math.min(...revokes.map(({ at }) => at));
}

/** Whether a token ended as `unknown` that KIS should have been asked about. */
export function isUnasked(
	item: number,
	{ asks }: World,
	{ act, outcomes, disturbed, arrivals }: Played,
	facts: TokenFacts,
): boolean {
	const { value } = act.tokens[item];
	const isAsked = arrivals.some(({ token, isQuestion }) => isQuestion && token === value);
	return asks && facts.isOurs && outcomes[item] === 'unknown' && disturbed === 0 && !isAsked;
}

/** What the statement rests on that a question has settled or left open; `null` where none has. */
export function foundationOfAnswer(
	outcome: string,
	heard: readonly Heard[],
	said: string | null,
): 'invalidAsked' | 'stillAccepted' | null {
	if (said !== null) return 'stillAccepted';
	const revokes = heard.filter(({ isQuestion }) => !isQuestion);
	const isByRevoke = revokes.some(({ means }) => ['confirmed', 'invalid'].includes(means));
	const isByQuestion = heard.some((one) => one.isQuestion && meansOfAnswer(one) !== null);
	return outcome === 'revoked' && isByQuestion && !isByRevoke ? 'invalidAsked' : null;
}
