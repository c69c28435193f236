import type { KisCredential } from '../input/credential';
import { ISSUE_INTERVAL_MS } from '../input/environments';
import type { Grant } from '../issue/grant';
import type { Issuance } from '../issue/issuance';
import { issueToken, type IssueOptions } from '../issue/issueToken';
import { wait } from '../reply/retry';
import { keptGrant } from './keptGrant';
import { KeptShare, learnOfKept } from './keptShare';
import { keptTokenOf } from './keptToken';

/** For so long a worker waits for the one whose turn it is, at most. */
const PATIENCE_MS = 90_000;

/**
 * Asks KIS for the token that the credential keeps, one worker at a time.
 *
 * @param isInsisting Asks though it is another worker's turn.
 * @param minuteMs For how long nobody asks after a worker that has ended without an answer.
 * @returns `null` if another worker's turn it is, or another has asked since this process has looked.
 */
export async function issueInTurn(
	credential: KisCredential,
	options: IssueOptions,
	isInsisting = false,
	minuteMs = ISSUE_INTERVAL_MS,
): Promise<Issuance | null> {
	const kept = keptTokenOf(credential);
	const share = KeptShare.of(kept, credential);
	const turn = await share?.takeTurn(minuteMs);
	if (turn === null && !isInsisting) return null;
	try {
		const issuance = await issueToken(credential, { ...options, beforeSending: turn?.ask });
		kept.note(issuance, Date.now());
		return turn?.isLost ? null : issuance;
	} finally {
		await (turn ? turn.end() : share?.sync());
	}
}

/**
 * Gives the token that the credential keeps, after asking KIS whether it is alive; or asks for another, where it is dead,
 * about to be, or valid for less than so many milliseconds.
 */
export async function keptOrIssued(
	credential: KisCredential,
	minimumMs: number,
	options: IssueOptions,
): Promise<{ readonly kept: Grant } | Issuance> {
	const patientUntil = Date.now() + PATIENCE_MS;
	const isPatient = () => Date.now() < patientUntil && !options.cancel.aborted;
	for (;;) {
		await othersHaveAsked(credential, isPatient, options.cancel);
		const kept = await keptGrant(credential, minimumMs, options);
		if (kept) return { kept };
		// Somebody has told it to, whatever became of a worker that has ended.
		const issuance = await issueInTurn(credential, options, !isPatient(), 0);
		if (issuance) return issuance;
	}
}

async function othersHaveAsked(
	credential: KisCredential,
	isPatient: () => boolean,
	cancel: AbortSignal,
): Promise<void> {
	const kept = keptTokenOf(credential);
	do await learnOfKept(kept, credential);
	while (kept.askedElsewhereMs > 0 && isPatient() && (await wait(kept.askedElsewhereMs, cancel)));
}
