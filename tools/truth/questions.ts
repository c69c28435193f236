import { fingerprint } from '../sandbox/apps';
import type { Allowed } from './allowed';
import { meansOfAnswer, SOON_MS, type Heard } from './heard';
import type { TokenFacts } from './outcomes';
import type { MadeToken } from './tokens';
import type { Played, World } from './world';

/** Clocks and timers. */
const TOLERANCE_MS = 100;
/** A moment is written to the second. */
const RESOLUTION_MS = 1000;
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
