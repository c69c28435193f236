import { draw, pick, pickByShare } from '../random';

/** What a world's executions do, by share. */
const DOES = {
	quotes: 0.28,
	orders: 0.28,
	issue: 0.22,
	inspect: 0.13,
	revoke: 0.09,
} as const;
export type Does = keyof typeof DOES;

/** What happens before an execution, by share. */
const BEFORE = {
	nothing: 0.42,
	/** Another program revokes the token. */
	revokedElsewhere: 0.12,
	/** Another program has one issued. */
	issuedElsewhere: 0.06,
	halfAMinute: 0.06,
	aMinute: 0.12,
	elevenMinutes: 0.1,
	/** Until the latest token is due for renewal, or until after its end. */
	untilDue: 0.07,
	untilOver: 0.05,
} as const;
export type Before = keyof typeof BEFORE;

/** What happens in the midst of it, by share. */
const AMID = { nothing: 0.78, revokedElsewhere: 0.12, restart: 0.1 } as const;
export type Amid = keyof typeof AMID;

/** Two executions concurrently. */
const PAIR_SHARE = 0.25;
/** Of the executions, so many use the other credential. */
const OTHER_APP_SHARE = 0.12;
const MOST_ITEMS = 4;

/** One execution: one node with some items. */
export interface Step {
	/** Unique in the world. */
	readonly name: string;
	readonly does: Does;
	readonly app: 'own' | 'other';
	readonly items: number;
}

/** One execution, or two that run concurrently. */
export interface Scene {
	readonly before: Before;
	readonly amid: Amid;
	/** After so many requests. */
	readonly amidAt: number;
	readonly steps: readonly Step[];
}

const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long a token of a world lives. */
const LIVES_MS = [20 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS] as const;

export function drawLife(seed: number, world: number): number {
	return pick(LIVES_MS, draw(seed, 'life', world));
}

/**
 * Draws the scenes of a world.
 *
 * @param items So many over all steps, or a little more.
 */
export function drawScenes(seed: number, world: number, items: number): Scene[] {
	const scenes: Scene[] = [];
	let left = items;
	for (let scene = 0; left > 0; scene++) {
		const random = (what: string) => draw(seed, 'scene', world, scene, what);
		const step = (name: string): Step => ({
			name,
			does: pickByShare(DOES, random(`${name} does`)),
			app: random(`${name} app`) < OTHER_APP_SHARE ? 'other' : 'own',
			items: 1 + Math.floor(random(`${name} items`) * MOST_ITEMS),
		});
		const first = step(`${scene}`);
		// Two of one app: what two apps do does not meet.
		const second = { ...step(`${scene}b`), app: first.app };
		const steps = random('pair') < PAIR_SHARE ? [first, second] : [first];
		scenes.push({
			before: pickByShare(BEFORE, random('before')),
			amid: pickByShare(AMID, random('amid')),
			amidAt: 1 + Math.floor(random('amid at') * 2),
			steps,
		});
		left -= steps.reduce((sum, one) => sum + one.items, 0);
	}
	return scenes;
}
