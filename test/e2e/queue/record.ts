import type { IDataObject } from 'n8n-workflow';

import type { RevokeOutcome } from '../../../kis/reply/revokeOutcome';
import type { SeenCall } from '../../../tools/sandbox/server';

const REVOKE = '/oauth2/revokeP';
/** After these, KIS has said all that there is to say of a token. */
const FINAL = ['200', 'EGW00121', 'EGW00122', 'EGW00123'];

/** What an item of Revoke says of its token, with its details. */
export interface Reported {
	readonly outcome: RevokeOutcome;
	readonly attempts: number;
	readonly tokenFingerprint: string;
}

/** What is true of a token, by the record of the local KIS. */
interface Fact {
	readonly isLive: boolean;
	/** Of its revokes in this run, those that arrived and those that ended it. */
	readonly arrived: number;
	readonly confirmed: number;
}

/** When an outcome is true; nothing else than that run touched the token meanwhile. */
const IS_TRUE: Readonly<Record<RevokeOutcome, (fact: Fact, attempts: number) => boolean>> = {
	revoked: ({ isLive, confirmed }) => !isLive && confirmed === 1,
	alreadyInvalid: ({ isLive, confirmed }) => !isLive && confirmed === 0,
	rejected: ({ confirmed }) => confirmed === 0,
	unknown: (_fact, attempts) => attempts > 0,
	notSent: ({ arrived }) => arrived === 0,
};

export function reportedBy({ error, ...item }: IDataObject): Reported {
	const { outcome, details } = (error ?? item) as { outcome: RevokeOutcome; details: Reported };
	const { attempts, tokenFingerprint } = details;
	return { outcome, attempts, tokenFingerprint };
}

/** The revokes of each token, by its fingerprint. */
export function revokesIn(calls: readonly SeenCall[]): Map<string, SeenCall[]> {
	const revokes = new Map<string, SeenCall[]>();
	for (const call of calls) {
		const { path, tokenFingerprint } = call;
		if (path !== REVOKE || tokenFingerprint === null) continue;
		revokes.set(tokenFingerprint, [...(revokes.get(tokenFingerprint) ?? []), call]);
	}
	return revokes;
}

/** Whatever of it is not so, in words. */
export function falseReports(
	reported: readonly Reported[],
	calls: readonly SeenCall[],
	isLive: (tokenFingerprint: string) => boolean,
): string[] {
	const revokes = revokesIn(calls);
	return reported.flatMap(({ outcome, attempts, tokenFingerprint }) => {
		const results = revokes.get(tokenFingerprint)?.map(({ result }) => result) ?? [];
		const arrived = results.length;
		const confirmed = results.filter((result) => result === '200').length;
		const fact = { isLive: isLive(tokenFingerprint), arrived, confirmed };
		const isTrue = arrived <= attempts && IS_TRUE[outcome](fact, attempts);
		return isTrue ? [] : [`${outcome} after ${attempts}, but ${JSON.stringify(fact)}`];
	});
}

/** The revokes that came though KIS had given a final answer about the token. */
export function repeatedRevokes(calls: readonly SeenCall[]): SeenCall[] {
	return [...revokesIn(calls).values()].flatMap((ofToken) => {
		const final = ofToken.findIndex(({ result }) => FINAL.includes(String(result)));
		return final < 0 ? [] : ofToken.slice(final + 1);
	});
}
