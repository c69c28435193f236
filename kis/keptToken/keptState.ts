import type { Grant } from '../issue/grant';
import type { IssueHold } from './issueHold';

/** The token of one key pair at one host, and what was learnt of issuing it. Moments are milliseconds since 1970. */
export interface KeptState {
	/** `null` if KIS has not issued a token yet. */
	readonly grant: Grant | null;
	/** When KIS gave it to this process, or to the worker that wrote the state. */
	readonly givenAt: number;
	/** When to request the next one; `Infinity` if there is none to renew. */
	readonly renewAt: number;
	/** From when on KIS is asked whether the token is alive before it is used. */
	readonly checkAt: number;
	/** Why no token is requested for a while; `null` if the last request succeeded, or there was none. */
	readonly hold: IssueHold | null;
	/** When anything here last changed. */
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
