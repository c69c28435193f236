import { SWITCHES, type Switches } from '../sandbox/switches';
import type { Event, Plan } from './acts';
import { pick } from './random';

/** Of the sandbox's switches, so many are as they are by default. */
const DEFAULT_SHARE = 0.5;
/** What an execution is there to show, it shows with these only. */
const NEEDED: Partial<Record<Event | Plan, Partial<Switches>>> = {
	newCustomer: { oauthCounts: true, successCode: 'number' },
	// Of a whole token, it only matters then what another host has said.
	mockFirst: { revokedToken: 'EGW00123' },
};

/** Draws how the sandbox behaves where KIS's behaviour is not known. */
export function drawSwitches(random: (what: string) => number, scene: Event | Plan): Switches {
	const drawn = Object.entries(SWITCHES).map(([name, values]) => [
		name,
		random(`${name} by default`) < DEFAULT_SHARE ? values[0] : pick<unknown>(values, random(name)),
	]);
	return { ...(Object.fromEntries(drawn) as Switches), ...NEEDED[scene] };
}
