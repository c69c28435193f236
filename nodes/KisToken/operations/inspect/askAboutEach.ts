import type { IExecuteFunctions } from 'n8n-workflow';

import { looksLikeToken, type AccessToken } from '../../../../kis/input/accessToken';
import type { KisCredential } from '../../../../kis/input/credential';
import { ENVIRONMENTS } from '../../../../kis/input/environments';
import { limiterFor } from '../../../../kis/rateLimit/limiterFor';
import type { Attempt } from '../../../../kis/reply/attempt';
import { BatchStop, type StopReason } from '../../../../kis/revoke/batchStop';
import { egressRules } from '../../host/egressRules';
import { cancelSignal } from '../../host/execution';
import { DEFAULT_TIMEOUT_MS } from '../fields/sendingOptions';

const MAX_CONCURRENT_QUESTIONS = 8;

/** What is known of a token, or why KIS was not asked about it. */
export type Finding =
	| { readonly alive: boolean | null; readonly attempt: Attempt }
	| { readonly alive: null; readonly stoppedBy: StopReason };

/**
 * Asks KIS once about each distinct token. The first question goes alone; the others follow, several concurrently, unless
 * its answer is what they would get too.
 *
 * @returns What was found out about each token, by its value.
 */
export async function askAboutEach(
	context: IExecuteFunctions,
	credential: KisCredential,
	tokens: readonly AccessToken[],
): Promise<ReadonlyMap<string, Finding>> {
	// Loaded by the first question, so that n8n's start takes no longer.
	const { checkToken } = await import('../../../../kis/keptToken/checkToken');
	const { requestsPerSecond } = ENVIRONMENTS[credential.environment];
	const limiter = limiterFor(credential);
	const batchStop = new BatchStop(limiter);
	const options = {
		requestsPerSecond,
		timeoutMs: DEFAULT_TIMEOUT_MS,
		cancel: cancelSignal(context),
		stopWaiting: batchStop.signal,
		egress: egressRules(context),
	};
	const ask = async (token: AccessToken): Promise<Finding> => {
		const state = batchStop.stoppedBy ? null : await checkToken(credential, token, options);
		if (!state) {
			return { alive: null, stoppedBy: batchStop.stoppedBy ?? { because: 'cancelled' } };
		}
		const { alive, attempt } = state;
		// A text that does not fit in a header is not written, whatever the host is like.
		if (attempt.verdict !== 'unwritten' || looksLikeToken(token)) {
			batchStop.learn(attempt);
			batchStop.noteExhausted([attempt]);
		}
		return { alive, attempt };
	};
	const findings = new Map<string, Finding>();
	const [first, ...others] = new Map(tokens.map((token) => [token.value, token])).values();
	const askAbout = async (some: Iterable<AccessToken>) => {
		for (const token of some) findings.set(token.value, await ask(token));
	};
	const { cancel } = options;
	const onCancel = () => batchStop.stop({ because: 'cancelled' });
	cancel.addEventListener('abort', onCancel);
	if (cancel.aborted) onCancel();
	limiter.join(batchStop, requestsPerSecond);
	try {
		await askAbout(first ? [first] : []);
		// All take from this one iterator.
		const queue = others.values();
		await Promise.all(
			Array.from({ length: MAX_CONCURRENT_QUESTIONS }, async () => await askAbout(queue)),
		);
	} finally {
		limiter.leave(batchStop);
		cancel.removeEventListener('abort', onCancel);
	}
	return findings;
}
