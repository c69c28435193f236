import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import type { RevokeOutcome } from '../reply/revokeOutcome';
import { mapInTurns, nextTurn, turnIsOver } from '../turns';

/** Far more than anyone leaves open; the oldest are forgotten first. */
const MAX_DOUBTS = 10_000;
/** So many take about a millisecond. */
const MARKED_TOGETHER = 1000;

/** A revoke has left open whether a token is dead. What KIS was asked before does not settle that: it is known by identity. */
export class Doubt {
	/** @param name Of the token, at its host. */
	constructor(readonly name: string) {}
}

/** How many calls are revoking a token at this moment. */
const underWay = new Map<string, number>();
const doubts = new Map<string, Doubt>();

/** Tokens that another worker was revoking when it was last looked. */
const elsewhere = new Set<string>();

/** Whether somebody is about to revoke the token, or waits for KIS's answer, as far as this process knows. */
export function isBeingRevoked(token: AccessToken, { baseUrl, redis }: KisCredential): boolean {
	const name = nameOf(token, baseUrl);
	return underWay.has(name) || (redis !== null && elsewhere.has(name));
}

/** Notes whether another worker is revoking the token. @returns Whether one was, as far as was known. */
export function noteElsewhere(
	token: AccessToken,
	{ baseUrl }: KisCredential,
	isUnderWay: boolean,
): boolean {
	const name = nameOf(token, baseUrl);
	const was = elsewhere.delete(name);
	if (isUnderWay) elsewhere.add(name);
	return was;
}

/** A revoke of another worker has left open whether the token is dead. */
export function raiseDoubt(token: AccessToken, { baseUrl }: KisCredential): Doubt {
	return leaveDoubt(nameOf(token, baseUrl));
}

/** Whether the token may be dead or alive since it was sent to be revoked; `null` where nobody has left that open. */
export function doubtAbout(token: AccessToken, { baseUrl }: KisCredential): Doubt | null {
	return doubts.get(nameOf(token, baseUrl)) ?? null;
}

/** KIS was asked after that revoke, and has said whether the token is alive. */
export function settle(doubt: Doubt): void {
	if (doubts.get(doubt.name) === doubt) doubts.delete(doubt.name);
}

/**
 * Keeps everybody from using tokens while they are being revoked, and from using them unasked where that settled nothing.
 *
 * @param revoke Gives each token's revocation, by its fingerprint.
 */
export async function whileRevoking<R extends { readonly outcome: RevokeOutcome }>(
	tokens: readonly AccessToken[],
	{ baseUrl }: KisCredential,
	revoke: () => Promise<ReadonlyMap<string, R>>,
): Promise<ReadonlyMap<string, R>> {
	const host = addressOf(baseUrl);
	const names: string[] = [];
	for (const token of tokens) {
		// As few as there usually are: before anybody else has a turn.
		if (names.length % MARKED_TOGETHER === MARKED_TOGETHER - 1) {
			while (turnIsOver()) await nextTurn();
		}
		const name = nameAt(host, token);
		underWay.set(name, (underWay.get(name) ?? 0) + 1);
		names.push(name);
	}
	let revocations: ReadonlyMap<string, R> | null = null;
	try {
		revocations = await revoke();
		return revocations;
	} finally {
		await mapInTurns(names, (name, i) => {
			if (LEAVES_DOUBT[revocations?.get(tokens[i].fingerprint)?.outcome ?? 'unknown'])
				leaveDoubt(name);
			const others = (underWay.get(name) ?? 1) - 1;
			if (others > 0) underWay.set(name, others);
			else underWay.delete(name);
		});
	}
}

/** Whether a revoke that ends so leaves open whether the token is dead. */
export function leavesDoubt(outcome: RevokeOutcome): boolean {
	return LEAVES_DOUBT[outcome];
}

/** What is dead is remembered as such elsewhere. */
const LEAVES_DOUBT: Readonly<Record<RevokeOutcome, boolean>> = {
	revoked: false,
	alreadyInvalid: false,
	rejected: true,
	unknown: true,
	notSent: false,
};

function leaveDoubt(name: string): Doubt {
	const raised = new Doubt(name);
	// To the end, so that the map is in order of age.
	doubts.delete(name);
	doubts.set(name, raised);
	const [oldest] = doubts.keys();
	if (doubts.size > MAX_DOUBTS) doubts.delete(oldest);
	return raised;
}

/** What a host says of a token counts for that host. */
function nameOf(token: AccessToken, baseUrl: URL): string {
	return nameAt(addressOf(baseUrl), token);
}

function nameAt(host: string, { fingerprint }: AccessToken): string {
	return `${host} ${fingerprint}`;
}
