import type { AccessToken } from '../input/accessToken';
import type { Grant } from './grant';
import type { Issuance } from './issuance';

/**
 * What one execution requested from KIS. It holds tokens, so it goes by an object that is garbage when the execution is:
 * nothing is kept longer than needed. `kis/memory/revokeHistory.ts` holds none, must survive that object, and goes by name.
 */
export interface IssueHistory {
	/** How the last call with each credential ended. */
	readonly issuances: Map<string, Issuance>;
	/** All tokens that it was given, good or not. */
	readonly tokens: Set<string>;
}

const histories = new WeakMap<object, IssueHistory>();

/** Returns what the execution asked for so far. */
export function issueHistoryOf(execution: object): IssueHistory {
	const history = histories.get(execution) ?? { issuances: new Map(), tokens: new Set() };
	histories.set(execution, history);
	return history;
}

/** Returns the grant that gave the execution this token; `null` if none did. */
export function givenBefore(execution: object, { value }: AccessToken): Grant | null {
	for (const issuance of issueHistoryOf(execution).issuances.values()) {
		if (issuance.outcome === 'issued' && issuance.grant.token.value === value)
			return issuance.grant;
	}
	return null;
}

/** Returns whether KIS may have issued a token to the execution that did not arrive. */
export function mayHaveIssued(execution: object): boolean {
	return [...issueHistoryOf(execution).issuances.values()].some(
		({ outcome }) => outcome === 'unknown',
	);
}
