import type { Issuance } from './issuance';

/** By execution and credential. What an execution was given goes with it: tokens are kept no longer than they have to be. */
const issuances = new WeakMap<object, Map<string, Issuance>>();

/** How the execution's last call with the credential ended. */
export function recallIssuance(execution: object, credential: string): Issuance | undefined {
	return issuances.get(execution)?.get(credential);
}

export function rememberIssuance(execution: object, credential: string, issuance: Issuance): void {
	const earlier = issuances.get(execution) ?? new Map<string, Issuance>();
	issuances.set(execution, earlier);
	// A token that is of no use does not settle what became of an answer that was lost.
	if (issuance.outcome === 'unusable' && earlier.get(credential)?.outcome === 'unknown') return;
	earlier.set(credential, issuance);
}

/** Whether the execution has asked for a token that may have been issued and did not arrive. */
export function mayHaveIssued(execution: object): boolean {
	return [...(issuances.get(execution)?.values() ?? [])].some(
		({ outcome }) => outcome === 'unknown',
	);
}
