import type { AccessToken } from '../input/accessToken';
import type { Grant } from './grant';
import type { Issuance } from './issuance';

/** What an execution has asked for. It goes with the execution: tokens are kept no longer than they have to be. */
export interface IssueHistory {
	/** How the last call ended, by credential. */
	readonly issuances: Map<string, Issuance>;
	/** All tokens that it was given, of use or not. */
	readonly tokens: Set<string>;
}

const pasts = new WeakMap<object, IssueHistory>();

export function issueHistoryOf(execution: object): IssueHistory {
	const past = pasts.get(execution) ?? { issuances: new Map(), tokens: new Set() };
	pasts.set(execution, past);
	return past;
}

/** What the execution was given, if it is this token. */
export function givenBefore(execution: object, { value }: AccessToken): Grant | null {
	for (const issuance of issueHistoryOf(execution).issuances.values()) {
		if (issuance.outcome === 'issued' && issuance.grant.token.value === value)
			return issuance.grant;
	}
	return null;
}

/** Whether the execution has asked for a token that may have been issued and did not arrive. */
export function mayHaveIssued(execution: object): boolean {
	return [...issueHistoryOf(execution).issuances.values()].some(
		({ outcome }) => outcome === 'unknown',
	);
}
