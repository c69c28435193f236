import type { AccessToken } from '../accessToken';
import type { KisCredential } from '../credential';
import { ENVIRONMENTS } from '../environments';
import type { Issuance } from '../issue/issuance';
import { issueToken } from '../issue/issueToken';
import { wait } from '../retry';
import { askAboutKept } from './askAboutToken';
import { keptTokenOf, type KeptToken } from './keptToken';
import { nextStep, type NoToken, type Progress } from './nextStep';
import { learnFromOthers } from './sharedMarks';
import { SharedWork } from './sharedWork';

/** For each request of our own. */
const TIMEOUT_MS = 10_000;
/** Of a request for a token that KIS did not process. */
const MAX_RETRIES = 3;

export interface BringOptions {
	/** Whether there is time to wait until KIS's minute is over. */
	readonly mayWait: boolean;
	/** Ends waiting immediately. */
	readonly cancel: AbortSignal;
}

/**
 * Gives the access token for a request with this credential: the one that is kept, or another where it is missing, dead
 * or about to expire. Asks for one once for all who want one at the same time. Never throws.
 */
export async function bringToken(
	credential: KisCredential,
	{ mayWait, cancel }: BringOptions,
): Promise<AccessToken | NoToken> {
	const kept = keptTokenOf(credential);
	let progress: Progress = { mayWait, waitedOut: null, asked: null, failed: null };
	// What takes time may change everything: all is looked at again.
	while (!cancel.aborted) {
		if (credential.redis) await learnFromOthers(kept.token, credential);
		const step = nextStep(credential, kept, progress, Date.now());
		switch (step.kind) {
			case 'use':
				return step.token;
			case 'refuse':
				return step.noToken;
			case 'ask':
				await askAboutKept(credential, step.token, { ...sendingTo(credential), cancel });
				progress = { ...progress, asked: step.about };
				break;
			case 'issue': {
				const issuance = await issueForAll(credential, kept, cancel);
				const failed = issuance?.outcome === 'issued' ? null : issuance;
				progress = { ...progress, failed };
				break;
			}
			case 'wait':
				await wait(step.obstacle.until - Date.now(), cancel);
				progress = { ...progress, waitedOut: step.obstacle, failed: null };
		}
	}
	return { because: 'cancelled' };
}

const issues = new SharedWork<Issuance>();

/** `null` if the caller was cancelled. */
async function issueForAll(
	credential: KisCredential,
	kept: KeptToken,
	cancel: AbortSignal,
): Promise<Issuance | null> {
	const issue = async () => {
		const issuance = await issueToken(credential, {
			...sendingTo(credential),
			maxRetries: MAX_RETRIES,
			waitWhenLimited: false,
			// Brought to its end, whoever leaves: a token that nobody knows of would be the worse.
			cancel: new AbortController().signal,
			// Of its own each time: another token is wanted than the one before.
			execution: {},
			others: kept.token ? [kept.token.value] : [],
		});
		kept.note(issuance, Date.now());
		return issuance;
	};
	return await issues.join(kept, issue, cancel);
}

function sendingTo({ environment }: KisCredential) {
	return {
		requestsPerSecond: ENVIRONMENTS[environment].requestsPerSecond,
		timeoutMs: TIMEOUT_MS,
	};
}
