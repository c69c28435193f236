import { isWholeTokenOf, type AccessToken } from '../input/accessToken';
import type { Attempt } from '../reply/attempt';
import type { KisCredential } from '../input/credential';
import { deadTokens } from '../memory/deadTokens';
import { askIfAlive, type Liveness } from '../liveness/askIfAlive';
import type { SendingOptions } from '../rateLimit/pacedRequest';
import { KeptShare } from './keptShare';
import { keptTokenOf } from './keptToken';
import { doubtAbout, settle } from '../memory/revokeMarks';
import { tellOthers } from '../memory/sharedMarks';
import { SharedWork } from './sharedWork';

/** What is known of a token now, and the request that showed it. */
export interface TokenState {
	/** `false`: dead. `null`: not known, or not for certain. */
	readonly alive: boolean | null;
	/** `null` if the question was cancelled before its turn. */
	readonly attempt: Attempt | null;
}

/** Asks KIS whether a token is alive, and lets everything in this process know what it says. Never throws. */
export async function askAboutToken(
	credential: KisCredential,
	token: AccessToken,
	options: SendingOptions,
): Promise<TokenState> {
	const kept = keptTokenOf(credential);
	const isKept = () => kept.token?.value === token.value;
	const isOurs = isKept() || isWholeTokenOf(credential.appkey, token);
	const doubt = doubtAbout(token, credential);
	const { liveness, attempt } = await askIfAlive(credential, token, options);
	const alive = ALIVE[liveness](isOurs);
	if (alive !== null && doubt) settle(doubt);
	if (alive === false) deadTokens.add(token, credential);
	if (isKept()) kept.noteAsked(alive, Date.now());
	await tellOthers(alive, token, credential, doubt);
	if (isKept()) await KeptShare.of(kept, credential)?.sync();
	return { alive, attempt };
}

const questions = new SharedWork<TokenState>();

/**
 * The same about the token that the credential keeps; everybody who wants to know at the same time shares one question.
 *
 * @returns `null` if the caller was cancelled.
 */
export async function askAboutKept(
	credential: KisCredential,
	token: AccessToken,
	options: SendingOptions,
): Promise<TokenState | null> {
	// Brought to its end, whoever leaves.
	const cancel = new AbortController().signal;
	const ask = async () => await askAboutToken(credential, token, { ...options, cancel });
	// What was asked before a revoke does not settle what that has left open.
	const about = doubtAbout(token, credential) ?? token;
	return await questions.join(about, ask, options.cancel);
}

/** What an answer means for a token that is ours, so that KIS cannot call it invalid for another reason than that it is dead. */
const ALIVE: Readonly<Record<Liveness, (isOurs: boolean) => boolean | null>> = {
	alive: () => true,
	invalid: (isOurs) => (isOurs ? false : null),
	undecided: () => null,
};
