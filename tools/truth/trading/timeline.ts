import type { Sharing } from '../redis';
import { isQuote, readBytes, readGiven, type Given, type Reading } from '../reading';
import type { Arrival } from '../relay';
import { BUSY_MS } from '../turns';
import { purposeOf, type Purpose } from './mishaps';
import type { PlayedScene, StepRun, TradingWorld } from './world';

/** An answer that took so long may have come too late. */
const SOON_MS = 1000;
/** What a process was told it acts on so much later, at most. */
const UNDER_WAY_MS = 500;

/** A request, and what the rules make of its answer. */
export type Seen = Arrival &
	Reading & {
		readonly purpose: Purpose;
		/** By the world's clock, in milliseconds since 1970. */
		readonly moment: number;
		/** Index of its scene. */
		readonly scene: number;
		/** The token that its answer gave; `null` if it gave none, or was asked for none. */
		readonly given: Given | null;
		readonly gaveQuote: boolean;
		/** The client cannot have missed the answer. */
		readonly isSure: boolean;
		/** Of an order or a quote: its number; empty otherwise. */
		readonly number: string;
	};

/** Someone was told that a token is dead. */
interface Confirmation {
	readonly token: string;
	/** On the monotonic clock. */
	readonly at: number;
	/** `null` if it may have been any. */
	readonly process: number | null;
}

/** Everything that was seen of a world. */
export interface Timeline {
	readonly world: TradingWorld;
	readonly sharing: Sharing;
	readonly scenes: readonly PlayedScene[];
	readonly seen: readonly Seen[];
	readonly confirmations: readonly Confirmation[];
}

/** What a JWT says of itself, and whether it is whole. Read here a second time, whatever the product makes of it. */
export interface Claims {
	readonly owner: string | null;
	readonly issuedAt: number | null;
	readonly expiresAt: number | null;
	readonly isWhole: boolean;
}

const HS512_LENGTH = 86;

export function claimsOf(token: string): Claims {
	const [head, payload = '', signature = '', ...more] = token.split('.');
	try {
		JSON.parse(Buffer.from(head, 'base64url').toString());
		const { jti, iat, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
			jti?: string;
			iat?: number;
			exp?: number;
		};
		return {
			owner: jti ?? null,
			issuedAt: iat === undefined ? null : iat * 1000,
			expiresAt: exp === undefined ? null : exp * 1000,
			isWhole: more.length === 0 && signature.length === HS512_LENGTH,
		};
	} catch {
		return { owner: null, issuedAt: null, expiresAt: null, isWhole: false };
	}
}

/** Whether it is a whole JWT of the app key. */
export function isOwn(token: string, appkey: string): boolean {
	const { owner, isWhole } = claimsOf(token);
	return owner === appkey && isWhole;
}

/** Puts together what was seen in the scenes of a world. */
export async function timelineOf(
	world: TradingWorld,
	scenes: readonly PlayedScene[],
	sharing: Sharing,
): Promise<Timeline> {
	const seen = await Promise.all(
		scenes.flatMap(({ arrivals }, scene) =>
			arrivals.map(async (arrival) => await see(arrival, scene, scenes[scene], world)),
		),
	);
	const confirmations = [
		...seen.flatMap((one) => confirmedByAnswer(one, scenes[one.scene])),
		...scenes.flatMap(({ runs }, scene) =>
			runs.flatMap((run) =>
				confirmedBy(
					run,
					seen.filter((one) => one.scene === scene),
				),
			),
		),
	];
	return { world, sharing, scenes, seen, confirmations };
}

async function see(
	arrival: Arrival,
	scene: number,
	{ longestTurnMs }: PlayedScene,
	world: TradingWorld,
): Promise<Seen> {
	const bytes = Buffer.concat(arrival.answer);
	const purpose = purposeOf(arrival);
	const { at, answeredAt, path, body } = arrival;
	return {
		...arrival,
		...(await readBytes(bytes)),
		purpose,
		moment: world.clock.shownAt(at),
		scene,
		given: purpose === 'issue' ? await readGiven(bytes) : null,
		gaveQuote: await isQuote(bytes),
		isSure: answeredAt - at < SOON_MS && longestTurnMs < BUSY_MS,
		number: /\bN\w+x\d+/.exec(`${path} ${body}`)?.[0] ?? '',
	};
}

/** A question that KIS answered with "invalid". */
function confirmedByAnswer(
	{ purpose, means, token, appkey, isSure, answeredAt, moment }: Seen,
	{ runs }: PlayedScene,
): Confirmation[] {
	const isOver = (claimsOf(token).expiresAt ?? Infinity) <= moment;
	const isInvalid = means === 'invalid' || (means === 'expired' && isOver);
	if (purpose !== 'question' || !isInvalid || !isSure || !isOwn(token, appkey)) return [];
	const process = runs.length === 1 ? runs[0].process : null;
	return [{ token, at: answeredAt + UNDER_WAY_MS, process }];
}

/** What a step itself reported. */
function confirmedBy(
	{ step, setup, said, tokens, endedAt, process }: StepRun,
	seen: readonly Seen[],
): Confirmation[] {
	const { appkey } = setup.fields;
	const confirm = (token: string) => ({ token, at: endedAt, process });
	if (step.does === 'revoke') {
		const isDead = said.some(
			({ outcome }) => outcome === 'revoked' || outcome === 'alreadyInvalid',
		);
		const sent = seen.filter((one) => one.purpose === 'revoke' && one.appkey === appkey);
		return isDead ? sent.map(({ token }) => confirm(token)) : [];
	}
	if (step.does !== 'inspect') return [];
	return said.flatMap(({ alive }, i) => {
		const value = tokens.at(i)?.value;
		return alive === false && value && setup.items[i].access_token ? [confirm(value)] : [];
	});
}

/**
 * Whether the host knew that a token is dead: everyone who shares a Redis, or the one process that was told.
 *
 * @param at On the monotonic clock.
 * @param run Who should have known.
 */
export function isKnownDead(
	{ confirmations, sharing, scenes }: Timeline,
	token: string,
	at: number,
	run: StepRun,
): boolean {
	const { startedAt, process } = run;
	const isCalm = scenes.some(
		({ runs, longestTurnMs }) => runs.includes(run) && longestTurnMs < BUSY_MS,
	);
	return confirmations.some(
		(one) =>
			one.token === token &&
			(sharing !== 'flaky' || one.process === process) &&
			(one.at <= startedAt || (isCalm && one.at + UNDER_WAY_MS <= at)),
	);
}

/** Whether the host may have known, by any answer to a request from before. */
export function mayBeKnownDead({ seen }: Timeline, token: string, at: number): boolean {
	return seen.some(
		(one) =>
			one.token === token &&
			one.at < at &&
			(one.purpose === 'question' || one.purpose === 'revoke') &&
			['invalid', 'expired', 'confirmed'].includes(one.means),
	);
}

/** What the clock showed shortly before, or when the step began: what was decided then may arrive now. */
export function earliestMoment({ world }: Timeline, at: number, { startedAt }: StepRun): number {
	return world.clock.shownAt(Math.max(at - UNDER_WAY_MS, startedAt));
}
