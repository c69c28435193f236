import type { Grant } from '../issue/grant';
import type { IssueHold } from './issueHold';

/** The token of one key pair at one host, and what was learnt of issuing it. Moments are milliseconds since 1970. */
export interface KeptState {
	/** `null` if KIS has not issued a token yet. */
	readonly grant: Grant | null;
	readonly givenAt: number;
	readonly renewAt: number;
	/** When to ask KIS whether the token is alive before using it. */
	readonly checkAt: number;
	readonly hold: IssueHold | null;
	readonly changedAt: number;
}

export const NOTHING_KEPT: KeptState = {
	grant: null,
	givenAt: 0,
	renewAt: Infinity,
	checkAt: Infinity,
	hold: null,
	changedAt: 0,
};
