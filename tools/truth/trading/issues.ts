import type { IDataObject } from 'n8n-workflow';

import { claimsOf, isKnownDead, isOwn, mayBeKnownDead, type Seen, type Timeline } from './timeline';
import { fateOf, mayBeLeft, optionsOf, type Fate } from './tokenRequests';
import type { StepRun } from './world';

type IssueOutcome = 'issued' | 'reused' | 'unusable' | 'rejected' | 'unknown' | 'notSent';

/** A moment is written to the second. */
const RESOLUTION_MS = 1000;
/** So much the clock may go forward in the midst of a step. */
const A_WHILE_MS = 3 * 60 * 1000;

/** What is wrong with what an Issue step reports: one line for each. */
export function wrongIssues(run: StepRun, timeline: Timeline): string[] {
	const { step, setup, said } = run;
	const appkey = String(setup.fields.appkey);
	const asked = timeline.seen.filter(
		({ purpose, scene, appkey: by }) =>
			purpose === 'issue' && by === appkey && timeline.scenes[scene].runs.includes(run),
	);
	return said.flatMap((json, i) => {
		const outcome = outcomeOf(json);
		const wrongs = [
			...notAllowed(outcome, i, run, asked, timeline),
			...wrongGrant(outcome, json, i, run, asked, timeline),
		];
		const met = asked.map((one) => `${JSON.stringify(one.mishap ?? null)} ${one.means}`);
		return wrongs.map(
			(wrong) => `issue ${step.name}, item ${i} is ${outcome}, but ${wrong}; ${met.join('; ')}`,
		);
	});
}

/** Of an item of KIS Token. */
export function outcomeOf(json: IDataObject): string {
	const { outcome = 'nothing' } = (json.error ?? json) as IDataObject;
	return String(outcome);
}

function notAllowed(
	outcome: string,
	item: number,
	run: StepRun,
	asked: readonly Seen[],
	timeline: Timeline,
): string[] {
	const { scene, endedUnread, disturbed } = timeline.scenes.find(({ runs }) =>
		runs.includes(run),
	) as Timeline['scenes'][number];
	// A refusal and "not sent" are false whenever a request may have got a token, whoever else asked.
	if (scene.steps.length > 1 || hasAfterwork(run, timeline)) return [];
	const isLeft = (seen: Seen) => mayBeLeft(timeline, seen);
	const fates = asked.map((seen): ReadonlyArray<Fate | null> => {
		const { given, isSure, answeredAt } = seen;
		const fate = fateOf(seen);
		const token = given?.value ?? '';
		// What an order of an earlier scene has left is this step's too only if it was shared.
		const unshared = isLeft(seen) ? [null] : [];
		if (isKnownDead(timeline, token, seen.at, run)) return ['useless', ...unshared];
		const isDoubtful = fate === 'good' && mayBeKnownDead(timeline, token, answeredAt);
		return [
			fate,
			...(isDoubtful ? ['useless' as const] : []),
			...(isSure ? [] : ['open' as const]),
			...unshared,
		];
	});
	const allowed = new Set([...outcomesAfter(fates, 'notSent')]);
	if (endedUnread > 0) for (const it of outcomesAfter(fates, 'unknown')) allowed.add(it);
	if (isReusable(item, run, timeline)) {
		return outcome === 'reused' ? [] : ['its token could be reused'];
	}
	if (asked.every(isLeft)) {
		allowed.add('reused');
		if (disturbed === 0) allowed.delete('notSent');
	}
	return allowed.has(outcome as IssueOutcome) ? [] : [`it may be ${[...allowed].join(' or ')}`];
}

/** Whether the token requests of an earlier step may still be repeated while this one runs. */
function hasAfterwork(run: StepRun, { scenes, seen }: Timeline): boolean {
	const index = scenes.findIndex(({ runs }) => runs.includes(run));
	const before = scenes.at(index - 1);
	if (index === 0 || !before) return false;
	const isLeft = seen.some(
		(one) => one.scene === index - 1 && one.purpose === 'issue' && fateOf(one) === 'passing',
	);
	return before.disturbed > 0 || isLeft;
}

/** An outcome; and for a token of no use, whether an answer was lost before it, which the token does not settle. */
type State = IssueOutcome | 'unusableAfterUnknown';

function outcomesAfter(
	fates: ReadonlyArray<ReadonlyArray<Fate | null>>,
	before: IssueOutcome,
): ReadonlySet<IssueOutcome> {
	let possible = new Set<State>([before]);
	for (const some of fates) {
		possible = new Set([...possible].flatMap((state) => some.map((fate) => next(state, fate))));
	}
	return new Set([...possible].map((it) => (it === 'unusableAfterUnknown' ? 'unusable' : it)));
}

function next(state: State, fate: Fate | null): State {
	if (fate === null) return state;
	if (state === 'issued' || fate === 'good') return 'issued';
	const mayBeIssued = state === 'unknown' || state === 'unusableAfterUnknown';
	if (fate === 'useless') return mayBeIssued ? 'unusableAfterUnknown' : 'unusable';
	if (fate === 'open' || mayBeIssued) return 'unknown';
	// A refusal does not take back that there was a token.
	return state === 'unusable' ? 'unusable' : 'rejected';
}

/** Whether the token in Reuse Token is good for certain, and far from its end. */
function isReusable(item: number, run: StepRun, timeline: Timeline): boolean {
	const { reuseToken, minimumSecondsLeft } = optionsOf(run);
	const { value } = run.tokens[item];
	if (reuseToken === '' || value === null) return false;
	const appkey = String(run.setup.fields.appkey);
	const { expiresAt } = claimsOf(value);
	const leftMs = (expiresAt ?? 0) - timeline.world.clock.shownAt(run.startedAt);
	return (
		isOwn(value, appkey) &&
		leftMs > minimumSecondsLeft * 1000 + A_WHILE_MS &&
		!mayBeKnownDead(timeline, value, run.endedAt)
	);
}

/** What is wrong with the token that is passed on, or not. */
function wrongGrant(
	outcome: string,
	json: IDataObject,
	item: number,
	run: StepRun,
	asked: readonly Seen[],
	timeline: Timeline,
): string[] {
	const { clock, host } = timeline.world;
	const { fields } = run.setup;
	const { access_token: token, expires_at: says } = json;
	if (outcome !== 'issued' && outcome !== 'reused') {
		return token === undefined ? [] : ['a token was passed on'];
	}
	if (typeof token !== 'string') return ['no token was passed on'];
	const wrongs = [];
	const { owner, expiresAt } = claimsOf(token);
	if (owner !== null && !isOwn(token, String(fields.appkey))) wrongs.push('the token is no good');
	if (isKnownDead(timeline, token, run.startedAt, run)) {
		wrongs.push('the token was known to be dead');
	}
	const startedAt = clock.shownAt(run.startedAt);
	const issued = host.sandbox.kis
		.tokensOf(String(fields.appkey))
		.find(({ value }) => value === token);
	const end = expiresAt ?? issued?.expiresAt ?? 0;
	if (!issued) wrongs.push('KIS has issued no such token');
	if (end <= startedAt) wrongs.push('the token is over');
	if (Math.abs(Date.parse(String(says)) - end) > RESOLUTION_MS) wrongs.push(`it ends at ${says}`);
	const isGiven = asked.some(({ given }) => given?.value === token);
	if (outcome === 'issued' && !isGiven && !run.setup.settings.retryOnFail) {
		wrongs.push('KIS gave no such token');
	}
	if (outcome === 'reused') {
		const { minimumSecondsLeft } = optionsOf(run);
		if (end - startedAt < minimumSecondsLeft * 1000) wrongs.push('it ends too soon');
		const isOfItem = run.tokens.at(item)?.value === token;
		if (!isOfItem && !isAsked(token, run, timeline)) wrongs.push('KIS was not asked about it');
	}
	return wrongs;
}

/** Before it is given out, KIS is asked whether the kept token is alive. */
function isAsked(token: string, run: StepRun, { seen, scenes }: Timeline): boolean {
	const scene = scenes.findIndex(({ runs }) => runs.includes(run));
	return (
		seen.some((one) => one.scene === scene && one.purpose === 'question' && one.token === token) ||
		scenes[scene].disturbed > 0
	);
}
