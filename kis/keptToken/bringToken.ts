import type { AccessToken } from '../input/accessToken';
import type { KisCredential } from '../input/credential';
import { ENVIRONMENTS } from '../input/environments';
import type { Issuance } from '../issue/issuance';
import { wait } from '../reply/retry';
import { askAboutKept } from './askAboutToken';
import { issueInTurn } from './issueInTurn';
import { learnOfKept } from './keptShare';
import { keptTokenOf, type KeptToken } from './keptToken';
import { nextStep, type NoToken, type Progress } from './nextStep';
import { SharedWork } from './sharedWork';

/** For each request of our own. */
const TIMEOUT_MS = 10_000;
/** Of a request for a token that KIS did not process. */
const MAX_RETRIES = 3;

/** No longer does what must not wait stand behind the question whether a token that was good is still alive. */
const ORDER_PATIENCE_MS = 2000;
const NEVER = new AbortController().signal;

/** For so long a request waits while another worker asks KIS for a token: as long as KIS may take, or its minute besides. */
const PATIENCE_MS = TIMEOUT_MS;
const PATIENCE_OF_READS_MS = 90_000;
/** Until this process looks again, where another was faster. */
const AGAIN_MS = 50;

const NO_PROGRESS: Progress = {
	mayWait: false,
	waitedOut: null,
	patientUntil: 0,
	asked: null,
	issuance: null,
};

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
	const patientUntil = Date.now() + (mayWait ? PATIENCE_OF_READS_MS : PATIENCE_MS);
	let progress: Progress = { ...NO_PROGRESS, mayWait, patientUntil };
	// What takes time may change everything: all is looked at again.
	while (!cancel.aborted) {
		if (credential.redis) await learnOfKept(kept, credential);
		const step = nextStep(credential, kept, progress, Date.now());
		switch (step.kind) {
			case 'use':
				return step.token;
			case 'useAndIssue':
				void issueForAll(credential, kept, NEVER);
				return step.token;
			case 'refuse':
				return step.noToken;
			case 'ask': {
				// An order does not wait to hear what is most likely so.
				const isMatterOfForm = step.about === step.token && !mayWait;
				const patience = isMatterOfForm ? [AbortSignal.timeout(ORDER_PATIENCE_MS)] : [];
				const options = {
					...sendingTo(credential),
					cancel: AbortSignal.any([cancel, ...patience]),
				};
				await askAboutKept(credential, step.token, options);
				progress = { ...progress, asked: step.about };
				break;
			}
			case 'issue': {
				const issuance = await issueForAll(credential, kept, cancel);
				if (!issuance) await wait(AGAIN_MS, cancel);
				progress = { ...progress, issuance };
				break;
			}
			case 'wait':
				await wait(step.obstacle.until - Date.now(), cancel);
				progress = { ...progress, waitedOut: step.obstacle, issuance: null };
				break;
			case 'lookAgain':
				await wait(step.waitMs, cancel);
		}
	}
	return { because: 'cancelled' };
}

/**
 * Gives the token with which a request may be sent at this very moment; `null` if one has to be brought first.
 *
 * @param asked A token that the request does not wait to have asked about: it has waited for as long as it may.
 */
export async function tokenAtHand(
	credential: KisCredential,
	asked: AccessToken | null = null,
): Promise<AccessToken | null> {
	const kept = keptTokenOf(credential);
	if (credential.redis) await learnOfKept(kept, credential);
	const step = nextStep(credential, kept, { ...NO_PROGRESS, asked }, Date.now());
	return step.kind === 'use' || step.kind === 'useAndIssue' ? step.token : null;
}

const issues = new SharedWork<Issuance | null>();

/** `null` if the caller was cancelled, or another worker was faster. */
async function issueForAll(
	credential: KisCredential,
	kept: KeptToken,
	cancel: AbortSignal,
): Promise<Issuance | null> {
	const issue = async () =>
		await issueInTurn(credential, {
			...sendingTo(credential),
			maxRetries: MAX_RETRIES,
			waitWhenLimited: false,
			// Brought to its end, whoever leaves: a token that nobody knows of would be the worse.
			cancel: NEVER,
			// Of its own each time: another token is wanted than the one before.
			execution: {},
			others: kept.token ? [kept.token.value] : [],
		});
	return await issues.join(kept, issue, cancel);
}

function sendingTo({ environment }: KisCredential) {
	return {
		requestsPerSecond: ENVIRONMENTS[environment].requestsPerSecond,
		timeoutMs: TIMEOUT_MS,
	};
}
