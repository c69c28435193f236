import type { IDataObject } from 'n8n-workflow';

import type { AccessToken } from '../../../kis/accessToken';
import type { KisCredential } from '../../../kis/credential';
import type { Outcome } from '../../../kis/outcome';
import type { Revocation } from '../../../kis/revokeTokens';
import type { Unusable } from '../../../kis/unusable';
import { detailsOf } from './details';
import { reasonOf } from './reason';

/** What is said about one item. Nothing in it is secret. */
export type Report = Success | Failure;

export interface Success {
	readonly succeeded: true;
	readonly outcome: Outcome;
	/** KIS's `code` as text; the HTTP status where KIS leaves it out. */
	readonly code: string;
	/** KIS's own words, as sent. */
	readonly message: string;
	/** `null` unless the user asked for it. */
	readonly details: IDataObject | null;
}

export interface Failure {
	readonly succeeded: false;
	readonly outcome: Outcome;
	/** What happened. */
	readonly message: string;
	/** What that means for the token, KIS's own words, and how to get unstuck. Plain text. */
	readonly description: string;
	/** The last code that KIS gave; else that of the connection; `null` where there is neither. */
	readonly code: string | null;
	readonly httpStatus: number | null;
	/** The input could not be used, so that KIS was never asked. */
	readonly unusableInput: boolean;
	/** `null` unless the user asked for it. */
	readonly details: IDataObject | null;
}

/** What each outcome says of the token: how a message starts, and how a description starts. */
const MEANING: Readonly<Record<Outcome, { readonly what: string; readonly token: string }>> = {
	revoked: { what: 'The token was revoked', token: 'It is dead.' },
	alreadyInvalid: { what: 'The token was invalid already', token: 'It is dead.' },
	rejected: { what: 'The token was not revoked', token: 'It may still be live.' },
	unknown: {
		what: 'The token may be dead or still live',
		token: 'Treat it as live until a revoke is confirmed.',
	},
	notSent: { what: 'The token was not sent to KIS', token: 'If it was live, it still is.' },
};

/** For input that cannot be used, be it the token, the credential or an option. */
export function reportUnusable({ why, todo }: Unusable): Failure {
	const { what, token } = MEANING.notSent;
	return {
		succeeded: false,
		outcome: 'notSent',
		message: `${what}: ${why}`,
		description: `${token} ${todo}`,
		code: null,
		httpStatus: null,
		unusableInput: true,
		details: null,
	};
}

/** For every item of a run that broke in the node itself: what was sent by then is not known. */
export const BROKEN_RUN: Failure = {
	succeeded: false,
	outcome: 'unknown',
	message: `${MEANING.unknown.what}: the node itself broke off`,
	description: `${MEANING.unknown.token} Revoke it again, and report this to the maintainers of this node.`,
	code: null,
	httpStatus: null,
	unusableInput: false,
	details: null,
};

export interface ReportOptions {
	readonly alreadyInvalid: 'succeed' | 'fail';
	readonly includeDetails: boolean;
}

/** For a token that was, or should have been, sent. */
export function reportRevocation(
	token: AccessToken,
	revocation: Revocation,
	credential: KisCredential,
	options: ReportOptions,
): Report {
	const { outcome, attempts, repeated } = revocation;
	const answer = attempts.findLast(({ code }) => code !== null) ?? attempts.at(-1);
	const httpStatus = answer?.httpStatus ?? null;
	const words = answer?.text ?? '';
	const details = options.includeDetails
		? detailsOf(token, revocation, httpStatus, credential)
		: null;

	const mayBeInvalid = options.alreadyInvalid === 'succeed' || repeated;
	if (outcome === 'revoked' || (outcome === 'alreadyInvalid' && mayBeInvalid)) {
		const code = answer?.code ?? String(httpStatus);
		return { succeeded: true, outcome, code, message: words, details };
	}

	const { what, token: state } = MEANING[outcome];
	const { happened, todo } = reasonOf(revocation, token, credential);
	const speaker = answer?.verdict === 'unwritten' ? 'n8n' : 'The server';
	const quoted = words === '' ? '' : `${speaker} says: ${words}`;
	return {
		succeeded: false,
		outcome,
		message: `${what}: ${happened}`,
		description: [state, quoted, todo].filter((part) => part !== '').join(' '),
		code: answer?.code ?? attempts.at(-1)?.transportCode ?? null,
		httpStatus,
		unusableInput: false,
		details,
	};
}
