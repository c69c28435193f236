import type { App } from '../sandbox/apps';
import type { Act } from './acts';
import { isHeard, meansOfAnswer, type Heard } from './heard';
import { isDead, outcomesAfter, type Outcome, type Step, type TokenFacts } from './outcomes';
import type { MadeToken } from './tokens';
import type { Played } from './world';

export interface Allowed {
	/** After what was seen. */
	readonly outcomes: ReadonlySet<string>;
	/** If a request was written besides that nobody read. */
	readonly ifUnseen: ReadonlySet<string>;
}

/**
 * What may be said of a token.
 *
 * @param heard Of the token, in this execution.
 * @param earlier Executions of the same world.
 */
export function allowedOutcomes(
	token: MadeToken,
	heard: readonly Heard[],
	played: Played,
	earlier: readonly Played[],
): Allowed {
	const { act } = played;
	if (token.value === null) return always(['notSent']);
	if (!act.isUsable) return always([leftBySameExecution(token, act, earlier)]);
	const steps = heard.map((one): readonly Step[] => {
		const { means, isSurelyRead, isQuestion } = one;
		if (!isQuestion) return isSurelyRead || means === 'none' ? [means] : [means, 'none'];
		const found = meansOfAnswer(one) ?? 'foundNothing';
		return isHeard(one, played) ? [found] : [found, 'foundNothing'];
	});
	const after = (before: Outcome) =>
		knowledgeOf(token, played, earlier).flatMap((isKnownDead) => [
			...outcomesAfter(steps, factsOf(token, act.app, isKnownDead), before),
		]);
	return { outcomes: new Set(after('notSent')), ifUnseen: new Set(after('unknown')) };
}

export function factsOf(token: MadeToken, { appkey }: App, isKnownDead: boolean): TokenFacts {
	const { owner, isCutOff, hasExpired } = token;
	return {
		isOurs: owner === appkey && !isCutOff,
		isStranger: isCutOff || (owner !== null && owner !== appkey),
		hasExpired,
		isKnownDead,
	};
}

function always(outcomes: readonly string[]): Allowed {
	return { outcomes: new Set(outcomes), ifUnseen: new Set(outcomes) };
}

/**
 * A node that cannot send knows what its execution has found out at its host. Without a usable credential it cannot tell
 * whether another credential is for its own host: what was sent with that is open.
 */
function leftBySameExecution(
	{ value }: MadeToken,
	unusable: Act,
	earlier: readonly Played[],
): string {
	const sent = earlier
		.filter(({ act }) => act.execution === unusable.execution)
		.flatMap(({ act, outcomes }) =>
			outcomes.map((outcome, i) => ({ outcome, host: act.host, value: act.tokens[i].value })),
		)
		.filter((one) => one.value === value && one.outcome !== 'notSent');
	const here = sent.findLast(({ host }) => host === unusable.host);
	if (here && unusable.fields === undefined) return here.outcome;
	return sent.length > 0 && unusable.fields !== undefined ? 'unknown' : 'notSent';
}

/**
 * Whether the node knows from this host that the token is dead. What was said to this credential counts, and what was said
 * to another of a token that is wholly its own, or to another process, may: both are true.
 */
function knowledgeOf(
	token: MadeToken,
	{ act: { host, app }, process }: Played,
	earlier: readonly Played[],
): readonly boolean[] {
	const told = earlier.filter(
		({ act, outcomes }) =>
			act.host === host &&
			outcomes.some((outcome, i) => isDead(outcome) && act.tokens[i].value === token.value),
	);
	const sameApp = told.filter(({ act }) => act.app === app);
	if (sameApp.some((it) => it.process === process)) return [true];
	const may = sameApp.length > 0 || told.some(({ act }) => factsOf(token, act.app, false).isOurs);
	return may ? [true, false] : [false];
}
