import type { IDataObject } from 'n8n-workflow';

import { claimsOf, earliestMoment, isKnownDead, type Seen, type Timeline } from './timeline';
import { dueAt, fateOf, issuing, TURN_MS } from './tokenRequests';
import type { StepRun } from './world';

/** A moment in a token is written to the second. */
const RESOLUTION_MS = 1000;

/** KIS counts the requests of so long. */
const LIMIT_MS = 1000;

/** What a workflow was told of a request, by what it says. */
export type RequestOutcome = 'answered' | 'notSent' | 'failed';

export function outcomeOfRequest({ answer, error }: IDataObject): RequestOutcome {
	if (answer !== undefined) return 'answered';
	const { message = '' } = (error ?? {}) as { message?: string };
	return /^The request was not sent/.test(message) ? 'notSent' : 'failed';
}

/** What is wrong with the quotes and orders of a step: one line for each. */
export function wrongRequests(run: StepRun, timeline: Timeline): string[] {
	const { step, said } = run;
	return said.flatMap((json, i) => {
		const number = `N${step.name}x${i}`;
		const sent = timeline.seen.filter((one) => one.number === number);
		const outcome = outcomeOfRequest(json);
		const wrongs = [
			...tooOften(run, sent),
			...wrongStatement(run, outcome, sent),
			...sent.flatMap((one) => wrongToken(one, run, timeline)),
			...sent.flatMap((one) => (isOverdue(one, timeline) ? ['its token was to be renewed'] : [])),
		];
		return wrongs.map((wrong) => `${step.does} ${number} ${outcome}: ${wrong}`);
	});
}

/** Only a read may arrive twice: n8n repeats what is answered with HTTP 401, where a tool sends it. */
function tooOften({ step, setup }: StepRun, sent: readonly Seen[]): string[] {
	if (sent.length < 2) return [];
	const isTool =
		setup.node.type === 'request' && setup.node.helper === 'httpRequestWithAuthentication';
	const mayRepeat =
		step.does === 'quotes' && isTool && sent.length === 2 && statusOf(sent[0]) === 401;
	return mayRepeat ? [] : [`it arrived ${sent.length} times`];
}

function wrongStatement(
	{ step }: StepRun,
	outcome: RequestOutcome,
	sent: readonly Seen[],
): string[] {
	const isRepeat = step.does === 'quotes' && sent.some((one) => statusOf(one) === 401);
	if (outcome === 'notSent' && sent.length > 0 && !isRepeat) return ['it arrived'];
	return outcome === 'answered' && sent.length === 0 ? ['it never arrived'] : [];
}

/** What is wrong with the token that a request was sent with. */
function wrongToken(seen: Seen, run: StepRun, timeline: Timeline): string[] {
	const { token, appkey, at } = seen;
	const { kis } = timeline.world.host.sandbox;
	if (token === '') return ['it had no token'];
	const issued = kis.tokensOf(appkey).find(({ value }) => value === token);
	if (!issued) return ["its token is none of its app key's"];
	const wrongs = [];
	if (isKnownDead(timeline, token, at, run)) wrongs.push('its token was known to be dead');
	const end = claimsOf(token).expiresAt ?? issued.expiresAt;
	if (earliestMoment(timeline, at, run) > end + RESOLUTION_MS) wrongs.push('its token was over');
	return wrongs;
}

/** Whether a quote or an order went out with a token whose renewal was due, and nobody asked for another. */
function isOverdue(seen: Seen, timeline: Timeline): boolean {
	const { token, appkey, at, scene, moment } = seen;
	const asked = timeline.seen.filter((one) => one.purpose === 'issue' && one.appkey === appkey);
	// After an order went out, the request for the next token follows in its turn.
	const latest = asked.findLast((one) => one.at <= at + TURN_MS);
	if (!latest || latest.at > at || latest.given?.value !== token) return false;
	const { scenes, sharing } = timeline;
	if (scene === scenes.length - 1) return false;
	const isDisturbed = scenes.slice(latest.scene, scene + 1).some(({ disturbed }) => disturbed > 0);
	if (isDisturbed || sharing === 'flaky' || fateOf(latest) !== 'good') return false;
	// The request for another token may still wait for the app key's limit when the world ends: after a second like any other,
	// and longer if KIS has refused for the rate.
	const endedAt = Math.max(...scenes.flatMap(({ runs }) => runs.map((run) => run.endedAt)));
	const wasRefused = timeline.seen.some(
		(one) => one.appkey === appkey && one.at >= at - TURN_MS && fateOf(one) === 'passing',
	);
	if (wasRefused || endedAt < at + LIMIT_MS) return false;
	// Kept only if the credential brings tokens.
	const isKept = issuing(timeline, latest).every(({ setup }) => setup.fields.bringAuthorization);
	return isKept && moment > dueAt(latest) + RESOLUTION_MS;
}

function statusOf({ answer }: Seen): number {
	return Number(/^HTTP\/1\.1 (\d+)/.exec(Buffer.concat(answer).toString('latin1'))?.[1] ?? 0);
}
