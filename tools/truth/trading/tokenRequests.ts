import type { Purpose } from './mishaps';
import { claimsOf, isOwn, mayBeKnownDead, type Seen, type Timeline } from './timeline';
import type { StepRun } from './world';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Refusals after which the same request may be sent again soon. */
const PASSING = ['EGW00201', 'EGW00215', 'EGW00202', 'EGW00203', 'EGW00300'];
/** Of KIS's list: the minute is not over, or the key pair is refused. */
export const LIMITED = 'EGW00133';

/** What became of a token request. `open`: KIS may have issued one. */
export type Fate = 'good' | 'useless' | 'open' | 'limited' | 'passing' | 'refused';

/** What became of a request, if the token that it gave is not known to be dead. */
export function fateOf(seen: Seen): Fate {
	const { given, means, code, rule, moment, appkey } = seen;
	if (given) {
		const { value, endsAt, isOver } = given;
		const { owner, expiresAt } = claimsOf(value);
		const isStranger = owner !== null && owner !== appkey;
		const isCut = owner !== null && !isOwn(value, owner);
		const isExpired = isOver || Math.min(endsAt, expiresAt ?? Infinity) <= moment;
		return isStranger || isCut || isExpired ? 'useless' : 'good';
	}
	if (means === 'none' || means === 'confirmed') return 'open';
	if (code === LIMITED) return 'limited';
	return rule === 'tooMany' || PASSING.includes(code ?? '') ? 'passing' : 'refused';
}

/** When a token that was given is to be renewed, by docs: an hour before its end, or after nine tenths of its life. */
export function dueAt({ given, moment }: Seen): number {
	const { issuedAt, expiresAt } = claimsOf(given?.value ?? '');
	const end = Math.min(expiresAt ?? Infinity, given?.endsAt ?? Infinity);
	const due = end - Math.min(HOUR_MS, (end - (issuedAt ?? moment)) / 10);
	return Math.max(due > moment ? due : end, moment + MINUTE_MS);
}

/** So long a token request may wait for the app key's limit, after the quote or order that it follows. */
export const TURN_MS = 15_000;

/** So long an order waits, at most, for KIS's word on its token, and for a token. What it waited for runs on without it. */
const ORDER_WAITS_MS: Partial<Record<Purpose, number>> = { question: 2000, issue: 10_000 };

/** Whether a question or a token request may be what a quote or an order of an earlier scene has left to run on. */
export function mayBeLeft(timeline: Timeline, seen: Seen): boolean {
	const { purpose, scene } = seen;
	const waitMs = ORDER_WAITS_MS[purpose] ?? Infinity;
	const isGivenUp = ordersBefore(timeline, seen, scene).some(
		({ startedAt, endedAt }) => endedAt - startedAt >= waitMs,
	);
	return isGivenUp || (purpose === 'issue' && mayRenew(timeline, seen));
}

/** The steps with orders of its app key, in the first so many scenes, after which a request may still wait for its turn. */
export function ordersBefore(
	{ scenes }: Timeline,
	{ appkey, at }: Pick<Seen, 'appkey' | 'at'>,
	count: number,
): StepRun[] {
	return scenes
		.slice(0, count)
		.flatMap(({ runs }) => runs)
		.filter(
			({ step, setup, endedAt }) =>
				step.does === 'orders' && setup.fields.appkey === appkey && endedAt >= at - TURN_MS,
		);
}

/** Whether a token request may belong to a quote or an order of an earlier scene, whose token was due for renewal. */
function mayRenew({ seen }: Timeline, { appkey, at, scene }: Seen): boolean {
	const isDue = ({ token, moment }: Seen) =>
		seen.some((one) => one.given?.value === token && dueAt(one) <= moment);
	return seen.some(
		(one) =>
			(one.purpose === 'quote' || one.purpose === 'order') &&
			one.appkey === appkey &&
			one.scene < scene &&
			one.at >= at - TURN_MS &&
			isDue(one),
	);
}

/** The Issue steps that run at a moment. */
export function issuing({ scenes }: Timeline, { scene, at, appkey }: Seen): StepRun[] {
	return scenes[scene].runs.filter(
		({ step, setup, startedAt, endedAt }) =>
			step.does === 'issue' && setup.fields.appkey === appkey && startedAt <= at && at <= endedAt,
	);
}

/** What is wrong with how often KIS was asked for tokens: one line for each. */
export function wrongTokenRequests(timeline: Timeline): string[] {
	return Object.values(timeline.world.apps).flatMap(({ appkey }) => {
		const asked = timeline.seen.filter((one) => one.purpose === 'issue' && one.appkey === appkey);
		return asked.slice(1).flatMap((seen, i) => {
			const wrong = wrongRepeat(asked[i], seen, timeline);
			return wrong === null
				? []
				: [`scene ${seen.scene}, token request ${i + 2}: ${wrong} (${told(asked[i])})`];
		});
	});
}

const told = ({ mishap, scene, means, given }: Seen) =>
	`the one before in scene ${scene}: ${JSON.stringify(mishap ?? null)} ${given ? 'gave a token' : means}`;

/** Whoever may have missed an answer may act as if there had been none. */
function wrongRepeat(before: Seen, seen: Seen, timeline: Timeline): string | null {
	const wrong = wrongAfter(fateOf(before), before, seen, timeline);
	return before.isSure ? wrong : wrong && wrongAfter('open', before, seen, timeline);
}

function wrongAfter(fate: Fate, before: Seen, seen: Seen, timeline: Timeline): string | null {
	const asking = issuing(timeline, seen);
	const sinceMs = seen.moment - before.moment;
	const hasWaited = sinceMs >= MINUTE_MS;
	if (asking.length > 0) {
		const { runs } = timeline.scenes[seen.scene];
		const [{ setup, startedAt }] = asking;
		if (runs.length > 1 || before.at < startedAt || setup.settings.retryOnFail) return null;
		// Another process may have sent the one before, for an order of an earlier scene.
		if (timeline.sharing === 'flaky' && mayBeLeft(timeline, before)) return null;
		const { waitWhenLimited } = optionsOf(asking[0]);
		switch (fate) {
			case 'passing':
				return null;
			case 'open':
			case 'limited':
				return waitWhenLimited && hasWaited ? null : `Issue asked again after ${sinceMs} ms`;
			default:
				return 'Issue asked again after a final answer';
		}
	}
	// Each worker has a token of its own while Redis is away.
	if (timeline.sharing === 'flaky') return null;
	// What Issue gets is not kept if the credential brings no token.
	if (issuing(timeline, before).some(({ setup }) => !setup.fields.bringAuthorization)) return null;
	switch (fate) {
		case 'passing':
		case 'refused':
			return null;
		case 'good': {
			const value = before.given?.value ?? '';
			const isEarly = seen.moment < dueAt(before) - SECOND_MS;
			return isEarly && !mayBeKnownDead(timeline, value, seen.at) ? 'a good token was there' : null;
		}
		default:
			return hasWaited ? null : `it came ${sinceMs} ms after one that was ${fate}`;
	}
}

interface IssueOptions {
	readonly minimumSecondsLeft: number;
	readonly waitWhenLimited: boolean;
	readonly reuseToken: string;
}

/** Of an Issue step. */
export function optionsOf({ setup: { node } }: StepRun): IssueOptions {
	if (node.type !== 'own') throw new TypeError('This step is no Issue');
	return node.parameters.options as unknown as IssueOptions;
}
