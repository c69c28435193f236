import { randomUUID } from 'node:crypto';

import type { AccessToken } from '../../kis/input/accessToken';
import type { Revocation } from '../../kis/revoke/revocation';
import type { RevokeOptions } from '../../kis/revoke/revoker';
import { revokeTokens } from '../../kis/revoke/revokeTokens';
import type { Answer, Script, SeenRequest } from './scriptedServer';
import { credentialFor, makeKeyPair, type KeyPair } from './tokens';

export interface RunOptions extends Partial<RevokeOptions> {
	/** An app of its own unless given: then it shares the limit and the tokens. */
	readonly keys?: KeyPair;
}

/**
 * Revokes without retries and questions, as fast as it can, in an execution of its own, unless told otherwise.
 *
 * @returns One result for each token, in order.
 */
export async function revoke(
	url: string,
	tokens: readonly AccessToken[],
	{ keys = makeKeyPair(), ...options }: RunOptions = {},
): Promise<Revocation[]> {
	const revocations = await revokeTokens(credentialFor(keys, url), tokens, {
		maxRetries: 0,
		requestsPerSecond: 1_000_000,
		timeoutMs: 5000,
		askBeforeUnknown: false,
		cancel: new AbortController().signal,
		executionId: randomUUID(),
		...options,
	});
	return tokens.map(({ fingerprint }) => {
		const revocation = revocations.get(fingerprint);
		if (!revocation) throw new Error(`no result for the token ${fingerprint}`);
		return revocation;
	});
}

export function outcomes(revocations: readonly Revocation[]): string[] {
	return revocations.map(({ outcome }) => outcome);
}

export function tokenOf({ body }: SeenRequest): string {
	return (JSON.parse(body) as { token: string }).token;
}

/** Each token gets these answers, one after the other, and the last again and again. */
export function inTurn(...answers: Answer[]): Script {
	const seen = new Map<string, number>();
	return {
		answer(request) {
			const token = tokenOf(request);
			const times = seen.get(token) ?? 0;
			seen.set(token, times + 1);
			return answers[Math.min(times, answers.length - 1)];
		},
	};
}
