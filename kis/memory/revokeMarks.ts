import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import type { RevokeOutcome } from '../reply/revokeOutcome';
import { mapInTurns, nextTurn, turnIsOver } from '../turns';

/** Of each kind; far more than a sweep leaves open. The oldest are forgotten first. */
const MAX_REMEMBERED = 200_000;
/** Marking this many takes about a millisecond. */
const MARKED_TOGETHER = 1000;

/**
 * A revoke has left open whether a token is dead. Compared by identity: a later revoke raises another doubt, which what KIS
 * was asked before does not resolve.
 */
export class Doubt {
	/** @param name Identifies the token at its host. */
	constructor(readonly name: string) {}
}

/** How many calls in this process are revoking a token. */
const revokingHere = new Map<string, number>();
/** Tokens that another worker was revoking when Redis was last asked. */
const revokingInOtherWorkers = new Set<string>();
const doubts = new Map<string, Doubt>();

/** Returns whether the token is being revoked, or about to be, as far as this process knows. */
export function isBeingRevoked(token: AccessToken, { baseUrl, redis }: KisCredential): boolean {
	const name = nameOf(token, baseUrl);
	return revokingHere.has(name) || (redis !== null && revokingInOtherWorkers.has(name));
}

/** Notes whether another worker is revoking the token. @returns Whether one was, as far as this process knew. */
export function noteRevokingInOtherWorkers(
	token: AccessToken,
	{ baseUrl }: KisCredential,
	isRevoking: boolean,
): boolean {
	const name = nameOf(token, baseUrl);
	const was = revokingInOtherWorkers.delete(name);
	if (isRevoking) revokingInOtherWorkers.add(name);
	forgetOldest(revokingInOtherWorkers);
	return was;
}

/** Notes that another worker's revoke has left open whether the token is dead. */
export function raiseDoubt(token: AccessToken, { baseUrl }: KisCredential): Doubt {
	return leaveDoubt(nameOf(token, baseUrl));
}

/** Returns the doubt whether the token is dead; `null` if no revoke has left one. */
export function doubtAbout(token: AccessToken, { baseUrl }: KisCredential): Doubt | null {
	return doubts.get(nameOf(token, baseUrl)) ?? null;
}

/** Returns whether the token is being revoked, or a revoke has left open whether it is dead. */
export function isRevokeOpen(token: AccessToken, credential: KisCredential): boolean {
	return isBeingRevoked(token, credential) || doubtAbout(token, credential) !== null;
}

/** Notes that KIS, asked after that revoke, has said whether the token is alive. */
export function resolveDoubt(doubt: Doubt): void {
	if (doubts.get(doubt.name) === doubt) doubts.delete(doubt.name);
}

/**
 * Marks tokens as being revoked, so that nothing in this process uses them.
 *
 * @returns Removes the marks, given one outcome per token, in order. It resolves to the doubts that the outcomes leave.
 */
export async function markAsRevoking(
	tokens: readonly AccessToken[],
	{ baseUrl }: KisCredential,
): Promise<(outcomes: readonly RevokeOutcome[]) => Promise<Doubt[]>> {
	const host = addressOf(baseUrl);
	const names: string[] = [];
	for (const token of tokens) {
		// The first are marked in this turn of the event loop, before anything else can use one of them.
		if (names.length % MARKED_TOGETHER === MARKED_TOGETHER - 1) {
			while (turnIsOver()) await nextTurn();
		}
		const name = nameAt(host, token);
		revokingHere.set(name, (revokingHere.get(name) ?? 0) + 1);
		names.push(name);
	}
	return async (outcomes) => {
		const left: Doubt[] = [];
		await mapInTurns(names, (name, i) => {
			if (leavesDoubt(outcomes[i])) left.push(leaveDoubt(name));
			const others = (revokingHere.get(name) ?? 1) - 1;
			if (others > 0) revokingHere.set(name, others);
			else revokingHere.delete(name);
		});
		return left;
	};
}

/** Returns whether a revoke with this outcome leaves open whether the token is dead. */
export function leavesDoubt(outcome: RevokeOutcome): boolean {
	return LEAVES_DOUBT[outcome];
}

/** Dead tokens leave none: `deadTokens` remembers them. */
const LEAVES_DOUBT: Readonly<Record<RevokeOutcome, boolean>> = {
	revoked: false,
	alreadyInvalid: false,
	rejected: true,
	unknown: true,
	notSent: false,
};

function leaveDoubt(name: string): Doubt {
	const raised = new Doubt(name);
	// Reinserted at the end, so that the map is in order of age.
	doubts.delete(name);
	doubts.set(name, raised);
	forgetOldest(doubts);
	return raised;
}

function forgetOldest(remembered: Map<string, Doubt> | Set<string>): void {
	if (remembered.size <= MAX_REMEMBERED) return;
	const [oldest] = remembered.keys();
	remembered.delete(oldest);
}

/** What a host says about a token counts for that host. */
function nameOf(token: AccessToken, baseUrl: URL): string {
	return nameAt(addressOf(baseUrl), token);
}

function nameAt(host: string, { fingerprint }: AccessToken): string {
	return `${host} ${fingerprint}`;
}
