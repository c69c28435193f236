import type { INode } from 'n8n-workflow';

import type { App } from '../sandbox/apps';
import type { Host } from './host';
import { draw, drawEvenly, pick, pickByShare, STEPS } from './random';
import type { Apps, MadeToken } from './tokens';

/** What happens in the middle of an execution, by share. */
const EVENTS = {
	nothing: 0.26,
	/** KIS is restarted: it ends its connections, and knows what it knew. */
	restart: 0.12,
	/** Connections are refused for a while. */
	away: 0.12,
	/** Connections are refused from then on. */
	gone: 0.06,
	/** The user presses Stop. */
	stop: 0.08,
	/** Nothing, but n8n runs the whole node again if the first item failed. */
	retryOnFail: 0.1,
	/** Every request gets one and the same answer from then on, which is no verdict. */
	stands: 0.07,
	/** Every request is refused for the rate from then on. */
	rateStands: 0.06,
	/** One answer asks to wait for longer than anyone would. */
	longWait: 0.07,
	/** Nothing at all, but KIS lets this customer do fewer requests a second than the node believes. */
	newCustomer: 0.06,
} as const;
export type Event = keyof typeof EVENTS;

/** Which executions there are, by share. */
const PLANS = {
	alone: 0.5,
	/** A host that says yes to everything, and then KIS. */
	mockFirst: 0.12,
	/** The other app key's credential, and then the right one. */
	otherKeyFirst: 0.1,
	otherKeyAfter: 0.08,
	/** The same again, the address written in another way. */
	again: 0.1,
	/** A last node in an execution, which has more tokens than those before and cannot use its credential or an option. */
	unusableAfter: 0.1,
} as const;
export type Plan = keyof typeof PLANS;
/** How many executions each token is in, on average. */
export const TIMES: Readonly<Record<Plan, number>> = {
	alone: 1,
	mockFirst: 2,
	otherKeyFirst: 2,
	otherKeyAfter: 2,
	again: 2,
	unusableAfter: 1.5,
};

/** Too few for two executions. */
const FEW_ITEMS = 4;

/** One answer to everything. */
export function isStanding(event: Event | undefined): boolean {
	return event === 'stands' || event === 'rateStands';
}

/** It leaves nothing to be seen by a second execution. */
export function isLonely(event: Event): boolean {
	return isStanding(event) || event === 'longWait' || event === 'newCustomer';
}

/** One run of the node. */
export interface Act {
	readonly name: string;
	readonly execution: string;
	readonly host: Host;
	readonly app: App;
	readonly tokens: readonly MadeToken[];
	readonly event: Event;
	/** Whether what follows leaves the node something to send with. */
	readonly isUsable: boolean;
	/** In place of the right ones; `null` if n8n cannot read the credential. */
	readonly fields?: Readonly<Record<string, string>> | null;
	readonly options?: INode['parameters'];
}

/** What makes a credential or an option unusable. */
const UNUSABLE: ReadonlyArray<Pick<Act, 'fields' | 'options'>> = [
	{ fields: null },
	{ fields: { appkey: ' ' } },
	{ fields: { baseUrl: 'http://relay.example' } },
	{ options: { timeout: -1 } },
];

/** Which executions a world has, and what happens in the midst of the main one. */
export interface Script {
	readonly event: Event;
	readonly plan: Plan;
}

/** What a world's executions are made of. */
interface Stage {
	readonly seed: number;
	readonly batch: number;
	readonly apps: Apps;
	readonly kis: Host;
	readonly mock: Host;
	readonly tokens: readonly MadeToken[];
}

/** Draws both so that each comes in its share soon, whatever the seed. */
export function drawScript(seed: number, batch: number, items: number): Script {
	const event = pickByShare(EVENTS, drawEvenly(seed, 'event', batch, STEPS.golden));
	const isAlone = isLonely(event) || items < FEW_ITEMS;
	const plan = pickByShare(PLANS, drawEvenly(seed, 'plan', batch, STEPS.silver));
	return { event, plan: isAlone ? 'alone' : plan };
}

/** Makes the executions of a world, in their order. */
export function makeActs({ plan, event }: Script, stage: Stage): Act[] {
	const { seed, batch, apps, kis, mock, tokens } = stage;
	const act = (name: string, changes: Partial<Act> = {}): Act => ({
		name,
		execution: `truth/${seed}/${batch}/${name}`,
		host: kis,
		app: apps.own,
		tokens,
		event: 'nothing',
		isUsable: true,
		...changes,
	});
	const main = act('KIS', { event });
	switch (plan) {
		case 'alone':
			return [main];
		case 'mockFirst':
			return [act('a mock', { host: mock }), main];
		case 'otherKeyFirst':
			return [act('another key', { app: apps.other }), main];
		case 'otherKeyAfter':
			return [main, act('another key', { app: apps.other })];
		case 'again':
			return [main, act('KIS again')];
		case 'unusableAfter': {
			const unusable = pick(UNUSABLE, draw(seed, 'unusable', batch));
			const { execution } = main;
			const last = act('an unusable node', { execution, isUsable: false, ...unusable });
			const quarter = Math.floor(tokens.length / 4);
			if (draw(seed, 'mock before', batch) < 0.5) {
				return [{ ...main, tokens: tokens.slice(0, 2 * quarter) }, last];
			}
			// Some tokens go to both, some to one, some to none.
			const half = Math.floor(quarter / 2);
			return [
				act('a mock', { execution, host: mock, tokens: tokens.slice(0, quarter) }),
				{ ...main, tokens: tokens.slice(half, half + quarter) },
				last,
			];
		}
	}
}
