import type { SeenCall } from '../sandbox/server';
import { isStanding, type Act, type Event } from './acts';
import type { Heard } from './heard';
import type { TokenFacts } from './outcomes';
import { ON_THE_CREDENTIAL } from './reading';
import { BUSY_MS } from './turns';
import type { Played, World } from './world';

/** An answer that comes this much later is read later, even on a busy computer. */
const UNDER_WAY_MS = 500;
/** Clocks and timers. */
const TOLERANCE_MS = 100;
/** Tokens in a row on which one answer was all that came: then the batch ends. */
const TOKENS_ON_ONE_ANSWER = 8;
/** So many more may be under way, and one more for each token that was settled before. */
const CONNECTIONS = 16;
/** Attempts in a row that could not be written: then the host counts as away. */
const UNWRITTEN_ATTEMPTS = 4;
const RATE_REFUSALS = 4;
const ON_THE_RATE = ['EGW00201', 'EGW00215'];
/** Refusals that may pass: the request may be sent again. Every other one is final. */
const PASSING = [...ON_THE_RATE, 'EGW00202', 'EGW00203', 'EGW00300'];
/** In the midst of these, the host stays, and the user does not press Stop. */
const UNDISTURBED: readonly Event[] = ['nothing', 'retryOnFail', 'newCustomer'];
/** So long a key may be refused for the rate without any of its requests being accepted. */
const RATE_PATIENCE_MS = 10_000;
/** How much later a busy computer may read the first of these refusals, and send what it then sends. */
const RATE_SLACK_MS = 3000;

/** What must not be, whatever is reported of the tokens: one line for each. */
export function misconduct(played: Played, heard: readonly Heard[]): string[] {
	const { act, arrivals, misled, connectionsLeft, outcomes, longestTurnMs } = played;
	const wrongs: string[] = [];
	const values = new Set(act.tokens.map(({ value }) => value));
	if (arrivals.some(({ token }) => !values.has(token))) wrongs.push('an unusable text was sent');
	if (!act.isUsable && arrivals.length > 0) wrongs.push('an unusable node sent something');
	if (misled > 0) wrongs.push(`${misled} requests went to a bad certificate`);
	if (connectionsLeft > 0) wrongs.push(`${connectionsLeft} connections were left open`);
	if (longestTurnMs > BUSY_MS) return wrongs;
	if (isImpatient(heard)) wrongs.push('an answer that asked to wait was not heeded');
	if (isStanding(act.event)) wrongs.push(...stubbornness(played, heard));
	const unsent = act.tokens.filter(({ value }, i) => value !== null && outcomes[i] === 'notSent');
	if (unsent.length > 0 && act.isUsable && !mayGiveUp(played, heard)) {
		wrongs.push(`${unsent.length} tokens were given up without need`);
	}
	return wrongs;
}

/**
 * A success for a stranger's token says nothing, and another would not say more; a final refusal stays what it is.
 *
 * @param heard Of one token.
 */
export function isRepeatedInVain(
	heard: readonly Heard[],
	{ isStranger }: TokenFacts,
	{ event }: Act,
): boolean {
	const first = heard.findIndex(
		({ means, rule, code, isSurelyRead }) =>
			isSurelyRead &&
			(means === 'confirmed'
				? isStranger
				: event !== 'retryOnFail' &&
					rule !== null &&
					rule !== 'tooMany' &&
					!PASSING.includes(code ?? '')),
	);
	return first >= 0 && first < heard.length - 1;
}

/** The most calls of one app key in any sliding second, on the sandbox's clock. */
export function busiestSecond(world: World): number {
	return Math.max(
		...Object.values(world.apps).map(({ appkey }) =>
			mostInASecond(world.calls.filter((call) => call.appkey === appkey)),
		),
	);
}

function mostInASecond(calls: readonly SeenCall[]): number {
	const times = calls.map(({ at }) => at).sort((a, b) => a - b);
	return Math.max(
		0,
		...times.map((end, last) => last - times.findIndex((at) => at > end - 1000) + 1),
	);
}

/** Whether something may have kept a token from being sent. */
export function mayGiveUp({ act, disturbed }: Played, heard: readonly Heard[]): boolean {
	const isDisturbed = act.host.relay.isClosed || disturbed >= UNWRITTEN_ATTEMPTS;
	if (!UNDISTURBED.includes(act.event) || isDisturbed) return true;
	if (act.event === 'newCustomer') return false;
	const last = new Map(heard.map(({ token, means }) => [token, means]));
	const unsettled = [...last.values()].filter((means) => means === 'none');
	return (
		heard.some(({ code }) => ON_THE_CREDENTIAL.includes(code ?? '')) ||
		heard.filter(({ rule, code }) => rule === 'tooMany' || ON_THE_RATE.includes(code ?? ''))
			.length >= RATE_REFUSALS ||
		unsettled.length >= TOKENS_ON_ONE_ANSWER
	);
}

/** `Retry-After` is for everyone on the app key: nobody who has read something since sends before its time is up. */
function isImpatient(heard: readonly Heard[]): boolean {
	const asked = heard.filter(({ waitMs, isSurelyRead }) => waitMs > 0 && isSurelyRead);
	return asked.some(({ waitMs, answeredAt }) =>
		heard.some(({ at, previous }) => {
			const hasReadSince = (previous?.answeredAt ?? 0) > answeredAt + UNDER_WAY_MS;
			const isNext = previous?.answeredAt === answeredAt;
			return (hasReadSince || isNext) && at < answeredAt + waitMs - TOLERANCE_MS;
		}),
	);
}

/** One answer to everything ends the batch. */
function stubbornness({ act, happenedAt }: Played, heard: readonly Heard[]): string[] {
	if (happenedAt === null) return [];
	const since = heard.filter(({ at }) => at > happenedAt);
	const [first] = since;
	if (!first) return [];
	if (act.event === 'rateStands') {
		const late = since.filter(({ at }) => at > first.at + RATE_PATIENCE_MS + RATE_SLACK_MS);
		return late.length > CONNECTIONS ? [`${late.length} requests were refused after that`] : [];
	}
	const before = new Set(heard.filter(({ at }) => at <= happenedAt).map(({ token }) => token));
	const tried = new Set(since.map(({ token }) => token).filter((token) => !before.has(token)));
	return tried.size > TOKENS_ON_ONE_ANSWER + CONNECTIONS + before.size
		? [`${tried.size} tokens were tried though one answer stood`]
		: [];
}
