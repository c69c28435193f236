import type { TakeStep } from './trading/step';
import type { Revoke } from './workflow';

/** A process with the product in it. */
export interface Member {
	readonly revoke: Revoke;
	readonly takeStep: TakeStep;
}

/** Who does what the user asks for: one process, or several that share a Redis. */
export interface Team {
	readonly members: readonly Member[];
	readonly redisUrl: string | null;
}
