import type { IExecuteFunctions } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/input/accessToken';
import type { KisCredential } from '../../../../kis/input/credential';
import { ENVIRONMENTS } from '../../../../kis/input/environments';
import type { TokenState } from '../../../../kis/keptToken/checkToken';
import { egressRules } from '../../host/egressRules';
import { cancelSignal } from '../../host/execution';
import { DEFAULT_TIMEOUT_MS } from '../fields/sendingOptions';

const MAX_CONCURRENT_QUESTIONS = 8;

/**
 * Asks KIS once about each distinct token, several concurrently.
 *
 * @returns What is known of each token, by its value.
 */
export async function askAboutEach(
	context: IExecuteFunctions,
	credential: KisCredential,
	tokens: readonly AccessToken[],
): Promise<ReadonlyMap<string, TokenState>> {
	// Loaded by the first question, so that n8n's start takes no longer.
	const { checkToken } = await import('../../../../kis/keptToken/checkToken');
	const options = {
		requestsPerSecond: ENVIRONMENTS[credential.environment].requestsPerSecond,
		timeoutMs: DEFAULT_TIMEOUT_MS,
		cancel: cancelSignal(context),
		egress: egressRules(context),
	};
	const states = new Map<string, TokenState>();
	// Every worker takes from this one iterator.
	const queue = new Map(tokens.map((token) => [token.value, token])).values();
	const work = async () => {
		for (const token of queue) {
			states.set(token.value, await checkToken(credential, token, options));
		}
	};
	await Promise.all(Array.from({ length: MAX_CONCURRENT_QUESTIONS }, work));
	return states;
}
