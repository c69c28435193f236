import type { AccessToken } from '../input/accessToken';
import type { KisCredential } from '../input/credential';
import { deadTokens } from './deadTokens';
import { meansDead, type RevokeOutcome } from '../reply/outcome';
import { SharedTokens, type Ending } from './sharedTokens';
import {
	doubtAbout,
	leavesDoubt,
	noteElsewhere,
	raiseDoubt,
	settle,
	whileRevoking,
	type Doubt,
} from './revokeMarks';

/** Which revoke has left a doubt, by the name that all workers know it by. */
const leftOpenBy = new WeakMap<Doubt, string>();

/** Takes in what other workers have learnt of a token, or are doing to it at this moment. */
export async function learnFromOthers(
	token: AccessToken | null,
	credential: KisCredential,
): Promise<void> {
	const shared = token && SharedTokens.of(credential);
	if (!shared) return;
	const [standing] = (await shared.lookUp([token])) ?? [null];
	const was = noteElsewhere(token, credential, standing === 'revoking');
	const doubt = doubtAbout(token, credential);
	if (standing !== null && standing !== 'dead' && deadTokens.has(token, credential)) {
		// Redis was not there when it was to be told, or has been emptied since.
		await shared.tellDead(token);
	} else if (typeof standing === 'object' && standing !== null) {
		// A question that is under way about an earlier doubt does not settle this one.
		const isKnown = doubt !== null && leftOpenBy.get(doubt) === standing.leftOpenBy;
		leftOpenBy.set(isKnown ? doubt : raiseDoubt(token, credential), standing.leftOpenBy);
	} else if (standing === 'unmarked' && doubt && leftOpenBy.has(doubt)) {
		// Another worker has asked KIS since.
		settle(doubt);
	} else if (standing === null && was && !doubt) {
		// How that revoke has ended cannot be told.
		raiseDoubt(token, credential);
	}
}

/** Lets other workers know whether KIS has called a token alive. */
export async function tellOthers(
	alive: boolean | null,
	token: AccessToken,
	credential: KisCredential,
	doubt: Doubt | null,
): Promise<void> {
	const shared = SharedTokens.of(credential);
	const run = doubt && leftOpenBy.get(doubt);
	if (alive === false) await shared?.tellDead(token);
	else if (alive && run) await shared?.tellAlive(token, run);
}

/** As `whileRevoking`, for all workers that share a Redis. */
export async function whileRevokingForAll<R extends { readonly outcome: RevokeOutcome }>(
	tokens: readonly AccessToken[],
	credential: KisCredential,
	revoke: () => Promise<ReadonlyMap<string, R>>,
): Promise<ReadonlyMap<string, R>> {
	const shared = SharedTokens.of(credential);
	if (!shared) return await whileRevoking(tokens, credential, revoke);
	let endings = tokens.map((): Ending => 'open');
	let name = '';
	try {
		return await whileRevoking(tokens, credential, async () => {
			const run = await shared.begin(tokens);
			({ name } = run);
			try {
				const revocations = await revoke();
				endings = tokens.map((token) => endingOf(revocations.get(token.fingerprint)?.outcome));
				return revocations;
			} finally {
				await run.end(endings);
			}
		});
	} finally {
		tokens.forEach((token, i) => {
			const doubt = endings[i] === 'open' && doubtAbout(token, credential);
			if (doubt) leftOpenBy.set(doubt, name);
		});
	}
}

function endingOf(outcome: RevokeOutcome = 'unknown'): Ending {
	if (meansDead(outcome)) return 'dead';
	return leavesDoubt(outcome) ? 'open' : 'asBefore';
}
