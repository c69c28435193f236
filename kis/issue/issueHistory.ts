import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import type { Grant } from './grant';
import type { Issuance, Issued, UnusableGrant } from './issuance';

/**
 * What one execution requested from KIS. It holds tokens, so it goes by an object that is garbage when the execution is:
 * nothing is kept longer than needed. `kis/memory/revokeHistory.ts` holds none, must survive that object, and goes by name.
 */
export interface IssueHistory {
	/** How the last call with each credential ended. */
	readonly issuances: Map<string, Issuance>;
	/** All tokens that it was given, good or not. */
	readonly tokens: Set<string>;
	/** With each credential, the last token that was given, unless it has certainly been passed on. It may live. */
	readonly withheld: Map<string, Withheld>;
}

/** A token that was given and not passed on, or passed on by a run that n8n may try again: it drops what a failed try passed on. */
export interface Withheld {
	readonly issuance: Issued | UnusableGrant;
	/** Names that run; `null` if the token was not passed on. */
	readonly passedOnBy: string | null;
}

const histories = new WeakMap<object, IssueHistory>();

/** Returns what the execution asked for so far. */
export function issueHistoryOf(execution: object): IssueHistory {
	const history = histories.get(execution) ?? {
		issuances: new Map(),
		tokens: new Set(),
		withheld: new Map(),
	};
	histories.set(execution, history);
	return history;
}

/** Returns the name of a credential in a history. */
export function historyKeyOf({ appkey, appsecret, baseUrl }: KisCredential): string {
	return JSON.stringify([addressOf(baseUrl), appkey, appsecret]);
}

/** Returns the grant that gave the execution this token; `null` if none did. */
export function givenBefore(execution: object, { value }: AccessToken): Grant | null {
	for (const issuance of issueHistoryOf(execution).issuances.values()) {
		if (issuance.outcome === 'issued' && issuance.grant.token.value === value)
			return issuance.grant;
	}
	return null;
}

/** Returns whether a run has to report the token: it was not passed on, or only by an earlier try of this run. */
export function isWithheldFrom(run: string | null, { passedOnBy }: Withheld): boolean {
	return passedOnBy === null || passedOnBy === run;
}

/**
 * Returns whether KIS may have issued a token to the execution that did not arrive, or was not passed on.
 *
 * @param run Names the run that asks, if it may be tried again.
 */
export function mayHaveIssued(execution: object, run: string | null): boolean {
	const { issuances, withheld } = issueHistoryOf(execution);
	return (
		[...withheld.values()].some((it) => isWithheldFrom(run, it)) ||
		[...issuances.values()].some(({ outcome }) => outcome === 'unknown')
	);
}
