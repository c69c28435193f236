import type { AccessToken } from '../input/accessToken';
import type { KisCredential } from '../input/credential';
import { deadTokens } from './deadTokens';
import { meansDead, type RevokeOutcome } from '../reply/revokeOutcome';
import { nextTurn, turnIsOver } from '../turns';
import {
	sharedTokensOf,
	TOKENS_PER_CALL,
	type RevokeEffect,
	type RevokeLease,
	type SharedMark,
} from './sharedTokens';
import {
	doubtAbout,
	leavesDoubt,
	markAsRevoking,
	noteRevokingInOtherWorkers,
	raiseDoubt,
	resolveDoubt,
	type Doubt,
} from './revokeMarks';

/** The revoke that left a doubt, by the name that all workers know it by. */
const leftOpenBy = new WeakMap<Doubt, string>();

/** Learns what other workers know about a token, and whether one is revoking it. */
export async function learnFromOthers(
	token: AccessToken | null,
	credential: KisCredential,
): Promise<void> {
	if (token) await learnOfAll([token], credential);
}

/** Does the same for many tokens. */
export async function learnOfAll(
	tokens: readonly AccessToken[],
	credential: KisCredential,
): Promise<void> {
	const shared = sharedTokensOf(credential);
	if (!shared) return;
	const untold = new Map<string, AccessToken>();
	let isGone = false;
	for (let from = 0; from < tokens.length; from += TOKENS_PER_CALL) {
		while (turnIsOver()) await nextTurn();
		const some = tokens.slice(from, from + TOKENS_PER_CALL);
		const marks: readonly SharedMark[] | null = isGone ? null : await shared.lookUp(some);
		isGone = marks === null;
		// All in the turn of Redis's answer, so that no older answer replaces a newer one.
		for (const [i, token] of some.entries()) {
			const mark = marks?.[i] ?? null;
			heed(mark, token, credential);
			// Redis could not be told then, or was emptied since.
			const isUntold = mark !== null && mark !== 'dead' && deadTokens.has(token, credential);
			if (isUntold) untold.set(token.fingerprint, token);
		}
	}
	for (const token of untold.values()) await shared.tellDead(token);
}

/** @param mark `null` if Redis is gone, and cannot say how the other worker's revoke went. */
function heed(mark: SharedMark | null, token: AccessToken, credential: KisCredential): void {
	const was = noteRevokingInOtherWorkers(token, credential, mark === 'revoking');
	const doubt = doubtAbout(token, credential);
	const revoke = doubt && leftOpenBy.get(doubt);
	if (mark === null) {
		if (was && !doubt) raiseDoubt(token, credential);
	} else if (typeof mark === 'string' || deadTokens.has(token, credential)) {
		return;
	} else if ('leftOpenBy' in mark) {
		// Another revoke raises another doubt: a check under way must not resolve it.
		const isKnown = doubt && revoke === mark.leftOpenBy;
		leftOpenBy.set(isKnown ? doubt : raiseDoubt(token, credential), mark.leftOpenBy);
	} else if (doubt && revoke === mark.aliveAfter) {
		resolveDoubt(doubt);
	}
}

/** Tells other workers whether KIS has called a token alive. @param doubt The doubt about it before KIS was asked. */
export async function tellOthers(
	alive: boolean | null,
	token: AccessToken,
	credential: KisCredential,
	doubt: Doubt | null,
): Promise<void> {
	const shared = sharedTokensOf(credential);
	const revoke = doubt && leftOpenBy.get(doubt);
	if (alive === false) await shared?.tellDead(token);
	else if (alive && revoke) await shared?.tellAlive(token, revoke);
}

/**
 * Keeps everyone, in this process and in the workers that share a Redis, from using tokens while they are revoked. A token
 * that the revoke leaves open is not used again before KIS is asked.
 *
 * @param revoke Resolves to each token's revocation, by fingerprint. If it rejects, or one is missing, that counts as `unknown`.
 */
export async function whileRevoking<R extends { readonly outcome: RevokeOutcome }>(
	tokens: readonly AccessToken[],
	credential: KisCredential,
	revoke: () => Promise<ReadonlyMap<string, R>>,
): Promise<ReadonlyMap<string, R>> {
	const unmark = await markAsRevoking(tokens, credential);
	let lease: RevokeLease | undefined;
	let revocations: ReadonlyMap<string, R> | null = null;
	try {
		lease = await sharedTokensOf(credential)?.begin(tokens);
		revocations = await revoke();
		return revocations;
	} finally {
		const outcomes = tokens.map((it) => revocations?.get(it.fingerprint)?.outcome ?? 'unknown');
		await lease?.close(outcomes.map(effectOf));
		const left = await unmark(outcomes);
		if (lease) for (const doubt of left) leftOpenBy.set(doubt, lease.name);
	}
}

function effectOf(outcome: RevokeOutcome): RevokeEffect {
	if (meansDead(outcome)) return 'dead';
	return leavesDoubt(outcome) ? 'open' : 'asBefore';
}
