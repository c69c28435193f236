import { setMaxListeners } from 'node:events';

import type { AccessToken } from '../input/accessToken';
import { endpointOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import { limiterFor } from '../rateLimit/limiterFor';
import { nextTurn, turnIsOver } from '../turns';
import { BatchStop } from './batchStop';
import { REVOKE_PATH, type Revocation } from './revocation';
import { Revoker, type RevokeOptions } from './revoker';
import { Senders } from './senders';

/**
 * Revokes each token once, however often it is listed. Never throws once the HTTP client is loaded, and leaves no
 * connection and no timer behind.
 *
 * @returns What became of each token, by its fingerprint.
 */
export async function revokeTokens(
	credential: KisCredential,
	tokens: readonly AccessToken[],
	options: RevokeOptions,
): Promise<ReadonlyMap<string, Revocation>> {
	const { cancel, requestsPerSecond, onResult } = options;
	const limiter = limiterFor(credential);
	const batchStop = new BatchStop(limiter);
	const senders = new Senders(limiter);
	const exchanges = new AbortController();
	// Every connection listens to it, so it is not the caller's own: Node.js warns of a leak above ten listeners.
	setMaxListeners(0, exchanges.signal);
	const sending = { ...options, cancel: exchanges.signal };
	const revoker = new Revoker({ credential, options: sending, limiter, batchStop, senders });
	const distinct = new Map<string, AccessToken>();
	const revocations = new Map<string, Revocation>();

	// Before the first wait: a limiter that nobody takes part in may be forgotten.
	limiter.join(senders, requestsPerSecond, () => senders.untaken);
	const onCancel = () => {
		batchStop.stop({ because: 'cancelled' });
		exchanges.abort();
	};
	cancel.addEventListener('abort', onCancel);
	if (cancel.aborted) onCancel();
	try {
		// Loaded on first use: it contains the HTTP client.
		const { Connection } = await import('../http/connection');
		const work = async (take: () => AccessToken | null) => {
			const url = endpointOf(credential.baseUrl, REVOKE_PATH);
			const connection = new Connection({ ...options, url });
			try {
				for (let token = take(); token; token = take()) {
					// Once sending has stopped, this is the only wait.
					while (turnIsOver()) await nextTurn();
					const revocation = await revoker.revoke(token, connection);
					revocations.set(token.fingerprint, revocation);
					senders.noteFinished();
					onResult?.(revocation, distinct.size);
				}
			} finally {
				void connection.close();
			}
		};
		for (const token of tokens) {
			while (turnIsOver()) await nextTurn();
			distinct.set(token.fingerprint, token);
		}
		await senders.run(distinct, work);
	} finally {
		limiter.leave(senders);
		cancel.removeEventListener('abort', onCancel);
	}
	return revocations;
}
