import type { IDataObject } from 'n8n-workflow';

import { claimsOf, isOwn, type Seen, type Timeline } from './timeline';
import { mayBeLeft } from './tokenRequests';
import type { StepRun } from './world';

/** What is wrong with what an Inspect step reports, or does: one line for each. */
export function wrongInspections(run: StepRun, timeline: Timeline): string[] {
	const { step, setup, said } = run;
	const { world } = timeline;
	const scene = timeline.scenes.findIndex(({ runs }) => runs.includes(run));
	const ofScene = timeline.seen.filter((one) => one.scene === scene);
	const isAlone = timeline.scenes[scene].runs.length === 1;
	const questions = ofScene.filter(({ purpose }) => purpose === 'question');
	const wrongs = said.flatMap((json, i) => {
		const text = setup.items[i].access_token;
		const value = text === undefined ? null : run.tokens[i].value;
		const isKept = text === undefined;
		const inspected = { json, value, isKept, run, questions, world };
		const wrongsOfItem = wrongItem({
			...inspected,
			isAlone: isAlone && !(isKept && questions.some((one) => mayBeLeft(timeline, one))),
		});
		return wrongsOfItem.map(
			(wrong) => `item ${i} (${isKept ? 'kept' : run.tokens[i].kind}): ${wrong}`,
		);
	});
	if (isAlone && ofScene.some(({ purpose }) => purpose === 'revoke')) wrongs.push('it revoked');
	if (isAlone && asksIssue(run, timeline, scene)) wrongs.push('it asked for a token');
	return wrongs.map((wrong) => `inspect ${step.name}, ${wrong}`);
}

/** What an earlier step left to be repeated, or a token that it was to have renewed, is not its doing. */
function asksIssue({ setup }: StepRun, timeline: Timeline, scene: number): boolean {
	const { seen, scenes } = timeline;
	const { appkey } = setup.fields;
	const isCalm = scene === 0 || scenes[scene - 1].disturbed === 0;
	const isIssue = (one: Seen) => one.purpose === 'issue' && one.appkey === appkey;
	const hasBefore = seen.some((one) => one.scene === scene - 1 && isIssue(one));
	const asked = seen.filter((one) => one.scene === scene && isIssue(one));
	return isCalm && !hasBefore && asked.some((one) => !mayBeLeft(timeline, one));
}

/** One item of an Inspect step, and what was seen meanwhile. */
interface Inspected {
	readonly json: IDataObject;
	/** The token; `null` for an unusable text, and for the kept one, of which only the questions tell. */
	readonly value: string | null;
	readonly isKept: boolean;
	readonly run: StepRun;
	/** Those of its scene. */
	readonly questions: readonly Seen[];
	readonly world: Timeline['world'];
	/** Nothing else can have asked KIS about its token meanwhile. */
	readonly isAlone: boolean;
}

function wrongItem(inspected: Inspected): string[] {
	const { json, value, isKept, run, world } = inspected;
	const appkey = String(run.setup.fields.appkey);
	const { error, issuedToThisAppKey, expired, readable } = json;
	if (error !== undefined) return value === null ? [] : ['it was not inspected'];
	if (isKept) return wrongLiveness(inspected);
	if (value === null) return ['an unusable text was inspected'];
	const wrongs = wrongLiveness(inspected);
	const { owner, expiresAt } = claimsOf(value);
	const expected = owner === null ? null : owner === appkey;
	if (issuedToThisAppKey !== expected) wrongs.push(`issuedToThisAppKey is ${issuedToThisAppKey}`);
	const isOver = expiresAt === null ? null : expiresAt <= world.clock.shownAt(run.endedAt);
	if (expired !== isOver) wrongs.push(`expired is ${expired}`);
	if (readable !== (expiresAt !== null)) wrongs.push(`readable is ${readable}`);
	return wrongs;
}

function wrongLiveness({
	json: { alive },
	value,
	run,
	questions: all,
	world,
	isAlone,
}: Inspected): string[] {
	const { node, fields } = run.setup;
	const appkey = String(fields.appkey);
	const { sandbox } = world.host;
	const asks = node.type === 'own' && node.parameters.askKis === true;
	const questions = all.filter(
		(one) => one.appkey === appkey && (value === null || one.token === value),
	);
	if (!asks) {
		const wrongs = isAlone && questions.length > 0 ? ['KIS was asked'] : [];
		return alive === undefined ? wrongs : [...wrongs, `alive is ${alive}`];
	}
	const wrongs: string[] = [];
	if (isAlone && questions.length > 1) wrongs.push(`KIS was asked ${questions.length} times`);
	const expiresAt = value === null ? null : claimsOf(value).expiresAt;
	const isOver = expiresAt !== null && expiresAt <= world.clock.shownAt(run.endedAt);
	// Of one that is not over, KIS also says "expired" where it is of the other environment; of the kept one it is not.
	const isInvalid = ({ means }: Seen) =>
		means === 'invalid' || (means === 'expired' && (value === null || isOver));
	const isOurs = ({ token }: Seen) => value === null || isOwn(token, appkey);
	if (alive === true && !questions.some(({ gaveQuote }) => gaveQuote)) {
		wrongs.push('it is called alive, and no quote was given');
	}
	if (alive === false) {
		const isSaid = questions.some((one) => isInvalid(one) && isOurs(one));
		const isLive = value !== null && sandbox.kis.isLive(value);
		if (!isSaid) wrongs.push('it is called dead, and KIS did not say so');
		if (isLive) wrongs.push('it is called dead, and is alive');
	}
	// Of two who ask about the kept token, each may have been told something else.
	if (alive === null && (isAlone || value !== null)) {
		const isClear = questions.some(
			(one) => one.isSure && (one.gaveQuote || (isInvalid(one) && isOurs(one))),
		);
		if (isClear) wrongs.push('it is called undecided, and KIS said which');
	}
	if (alive === undefined) wrongs.push('KIS was to be asked, and nothing is said of that');
	return wrongs;
}
