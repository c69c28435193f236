import { fingerprint } from '../sandbox/apps';
import type { SeenCall } from '../sandbox/server';
import type { Event } from './acts';
import { allowedOutcomes, factsOf } from './allowed';
import { isRepeatedInVain, mayGiveUp, misconduct } from './conduct';
import { isCursed } from './faults';
import type { Heard } from './heard';
import { isDead } from './outcomes';
import { foundationOf, type Foundation } from './promises';
import { foundationOfAnswer, isUnasked, wrongQuestions } from './questions';
import { isQuote, readBytes } from './reading';
import type { MadeToken } from './tokens';
import type { Order, Played, World } from './world';

/** These end a batch before every token has had all its attempts. */
const CUT_SHORT: readonly Event[] = ['stop', 'gone', 'stands', 'rateStands', 'longWait'];
/** Of these KIS's "invalid" is a verdict. */
const SETTLED_BY_RETRIES = ['live', 'bearer', 'dead', 'expired'];

/** What one execution adds to the findings. */
export interface Judgement {
	readonly outcomes: readonly string[];
	/** Of whole tokens of this app key that retries can settle, and that had all of them: how many there are. */
	readonly fairCases: number;
	/** How many of these are `unknown`. */
	readonly unknownFairCases: number;
	/** What each statement rests on. */
	readonly foundations: readonly Foundation[];
	/** One line for each statement that what was seen contradicts, and for whatever else must not be. */
	readonly accusations: readonly string[];
}

/**
 * Holds what an execution reported against what its world saw.
 *
 * @param earlier Executions of the same world, oldest first.
 */
export async function judge(
	order: Order,
	world: World,
	played: Played,
	earlier: readonly Played[],
): Promise<Judgement> {
	const { act, outcomes } = played;
	const heard = await hear(played);
	const heardOf = groupBy(heard, ({ token }) => token);
	const callsOf = groupBy(played.calls, ({ tokenFingerprint }) => tokenFingerprint ?? '');
	const wrongs = misconduct(played, heard);
	const foundations: Foundation[] = [];
	const unseen = new Map<string | null, string>();
	act.tokens.forEach((token, item) => {
		const { kind, value } = token;
		const outcome = outcomes[item];
		const answers = heardOf.get(value ?? '') ?? [];
		const calls = callsOf.get(fingerprint(value ?? '')) ?? [];
		const met = answers.map(({ mishap, means }) => `${JSON.stringify(mishap ?? null)} ${means}`);
		const facts = factsOf(token, act.app, false);
		const told = (wrong: string) =>
			`item ${item} (${kind}) is ${outcome}, but ${wrong}; ${met.join('; ')}`;
		const allowed = allowedOutcomes(token, answers, played, earlier);
		const contradiction = contradictionTo(outcome, token, world, played, calls);
		if (contradiction) wrongs.push(told(contradiction));
		else if (!allowed.outcomes.has(outcome)) {
			const wrong = told(`it may be ${[...allowed.outcomes].join(' or ')}`);
			// What was written to a connection that nobody read is known to the node only.
			if (allowed.ifUnseen.has(outcome)) unseen.set(value, wrong);
			else wrongs.push(wrong);
		}
		const sent = answers.filter(({ isQuestion }) => !isQuestion);
		if (isRepeatedInVain(sent, facts, act)) wrongs.push(told('it was sent once more'));
		const before = (some: readonly Heard[]) => allowedOutcomes(token, some, played, earlier);
		wrongs.push(...wrongQuestions(token, item, world, played, answers, facts, before).map(told));
		const foundation =
			foundationOfAnswer(outcome, answers, played.stillAcceptedAt[item]) ??
			foundationOf(outcome, facts, sent, act);
		if (foundation) foundations.push(foundation);
	});
	wrongs.push(...[...unseen.values()].slice(played.endedUnread));
	const unasked = act.tokens.filter((token, item) =>
		isUnasked(item, world, played, factsOf(token, act.app, false)),
	);
	if (unasked.length > 0 && act.isUsable && !mayGiveUp(played, heard)) {
		wrongs.push(`KIS was not asked about ${unasked.length} tokens`);
	}

	const fair = fairOutcomes(order, world, played);
	const where = `seed ${order.seed}, batch ${order.batch} (${world.circumstances}), ${act.name}`;
	return {
		outcomes,
		fairCases: fair.length,
		unknownFairCases: fair.filter((outcome) => outcome === 'unknown').length,
		foundations,
		accusations: wrongs.map((wrong) => `${where}: ${wrong}`),
	};
}

async function hear({ arrivals }: Played): Promise<Heard[]> {
	return await Promise.all(
		arrivals.map(async (arrival) => {
			const bytes = Buffer.concat(arrival.answer);
			return { ...arrival, ...(await readBytes(bytes)), gaveQuote: await isQuote(bytes) };
		}),
	);
}

/** What speaks against an outcome, whatever the rules say; `null` if nothing does. */
function contradictionTo(
	outcome: string,
	{ value, owner }: MadeToken,
	world: World,
	{ act, arrivals }: Played,
	calls: readonly SeenCall[],
): string | null {
	const { kis } = act.host.sandbox;
	if (act.host !== world.kis || value === null) return null;
	// Who says nothing of its owner is taken at KIS's word.
	if (isDead(outcome) && owner !== null && (!kis.isKnown(value) || kis.isLive(value))) {
		return 'the token is not dead';
	}
	if (outcome === 'rejected' && calls.some(({ result }) => result === '200')) {
		return 'an attempt was processed';
	}
	return outcome === 'notSent' && arrivals.some(({ token }) => token === value)
		? 'a request was received'
		: null;
}

/** Of the tokens that retries can settle, if nothing kept any of them from being sent. */
function fairOutcomes(
	{ seed, faultShare }: Order,
	world: World,
	{ act, outcomes }: Played,
): string[] {
	const { revokedToken, successCode } = world.switches;
	// Where KIS calls a revoked token expired, which it has not, that is no verdict.
	const isFair =
		revokedToken !== 'EGW00123' && !(revokedToken === 'success' && successCode === 'absent');
	const isUnsent = act.tokens.some(({ value }, i) => value !== null && outcomes[i] === 'notSent');
	if (!isFair || isUnsent || !act.isUsable || CUT_SHORT.includes(act.event)) return [];
	return outcomes.filter((_outcome, i) => {
		const { kind, value, owner } = act.tokens[i];
		if (value === null || owner !== act.app.appkey || !SETTLED_BY_RETRIES.includes(kind)) {
			return false;
		}
		return !isCursed(seed, world.nameOf(value), faultShare);
	});
}

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const one of all) {
		const group = groups.get(keyOf(one));
		if (group) group.push(one);
		else groups.set(keyOf(one), [one]);
	}
	return groups;
}
