import { existsSync, readFileSync } from 'node:fs';
import type { IDataObject } from 'n8n-workflow';

import { LOG_FILE } from '../../engine/run';
import type { Sharing } from '../redis';
import { wrongInspections } from './inspections';
import { outcomeOf, wrongIssues } from './issues';
import { purposeOf } from './mishaps';
import { outcomeOfRequest, wrongRequests } from './requests';
import type { Does } from './script';
import { timelineOf, type Timeline } from './timeline';
import { ordersBefore, wrongTokenRequests } from './tokenRequests';
import type { PlayedScene, StepRun, TradingWorld, WorldPlan } from './world';

/** What one world adds to the findings. */
export interface TradingJudgement {
	/** One for each item, such as `orders answered`. */
	readonly statements: readonly string[];
	/** One line for whatever must not be. */
	readonly accusations: readonly string[];
}

/** Holds what the steps of a world reported, and did, against what was seen. */
export async function judgeTrading(
	{ seed, world: number }: WorldPlan,
	world: TradingWorld,
	scenes: readonly PlayedScene[],
	sharing: Sharing,
): Promise<TradingJudgement> {
	const timeline = await timelineOf(world, scenes, sharing);
	const runs = scenes.flatMap((scene) => scene.runs);
	const wrongs = [
		...runs.flatMap((run) => JUDGES[run.step.does](run, timeline)),
		...runs.flatMap((run) => leaks(run, timeline)),
		...wrongTokenRequests(timeline),
		...scenes.flatMap(({ misled }, i) => {
			const left = connectionsLeft(timeline, i);
			return [
				...(misled > 0 ? [`scene ${i}: ${misled} requests went to a bad certificate`] : []),
				...(left > 0 ? [`scene ${i}: ${left} connections were left open`] : []),
			];
		}),
	];
	return {
		statements: runs.flatMap(({ step, said }) =>
			said.map((json) => `${step.does} ${STATEMENTS[step.does](json)}`),
		),
		accusations: wrongs.map((wrong) => `seed ${seed}, trading world ${number}: ${wrong}`),
	};
}

const JUDGES: Readonly<Record<Does, (run: StepRun, timeline: Timeline) => string[]>> = {
	quotes: wrongRequests,
	orders: wrongRequests,
	issue: wrongIssues,
	inspect: wrongInspections,
	revoke: wrongRevoke,
};

const STATEMENTS: Readonly<Record<Does, (json: IDataObject) => string>> = {
	quotes: outcomeOfRequest,
	orders: outcomeOfRequest,
	issue: outcomeOf,
	inspect: ({ error, alive }) => {
		if (error !== undefined) return 'notInspected';
		return alive === undefined
			? 'unasked'
			: ({ true: 'alive', false: 'dead' }[String(alive)] ?? 'open');
	},
	revoke: outcomeOf,
};

/** How many were left open by a scene, or an earlier one. An order does not wait for all that it has begun. */
function connectionsLeft(timeline: Timeline, scene: number): number {
	const { connectionsLeft, unanswered } = timeline.scenes[scene];
	const running = unanswered.filter(
		(one) =>
			['question', 'issue'].includes(purposeOf(one)) &&
			ordersBefore(timeline, one, scene + 1).length > 0,
	);
	return connectionsLeft - running.length;
}

/** Of the token that the credential keeps; the other worlds say more of revokes. */
function wrongRevoke(run: StepRun, { world, seen, scenes }: Timeline): string[] {
	const { step, setup, said } = run;
	const sent = seen.filter(
		(one) =>
			one.purpose === 'revoke' &&
			one.appkey === setup.fields.appkey &&
			scenes[one.scene].runs.includes(run),
	);
	const { kis } = world.host.sandbox;
	const isAlone = scenes.some(({ runs }) => runs.length === 1 && runs[0] === run);
	return said.flatMap((json) => {
		const outcome = outcomeOf(json);
		const isDead = outcome === 'revoked' || outcome === 'alreadyInvalid';
		const wrongs = [];
		if (isDead && sent.some(({ token }) => kis.isLive(token))) wrongs.push('it is alive');
		if (isAlone && outcome === 'notSent' && sent.length > 0) wrongs.push('a request was received');
		if (outcome === 'revoked' && sent.length === 0) wrongs.push('nothing was sent');
		return wrongs.map((wrong) => `revoke ${step.name} is ${outcome}, but ${wrong}`);
	});
}

/** What n8n stores of an execution holds no secret but the tokens that go in, or that Issue gives out. */
function leaks({ step, setup, said, stored }: StepRun, { world, seen }: Timeline): string[] {
	const { kis } = world.host.sandbox;
	const meant = JSON.stringify([setup.items, said.map(({ access_token }) => access_token ?? '')]);
	const apps = Object.values(world.apps);
	const tokens = [
		...apps.flatMap(({ appkey }) => kis.tokensOf(appkey).map(({ value }) => value)),
		...seen.flatMap(({ given, token }) => [given?.value ?? '', token]),
	].filter((token) => token !== '' && !meant.includes(token));
	const keys = apps.flatMap(({ appkey, appsecret }) => [appkey, appsecret]);
	const secrets = [...keys, ...tokens];
	const holds = (text: string) => secrets.some((secret) => text.includes(secret));
	const wrongs = holds(stored) ? ['n8n stores a secret'] : [];
	if (existsSync(LOG_FILE) && holds(readFileSync(LOG_FILE, 'utf8')))
		wrongs.push('n8n logs a secret');
	return wrongs.map((wrong) => `${step.does} ${step.name}: ${wrong}`);
}
