import type { IDataObject } from 'n8n-workflow';

import type { AccessToken } from '../../../kis/accessToken';
import type { KisCredential } from '../../../kis/credential';
import type { EnvironmentName } from '../../../kis/environments';
import type { Outcome, Verdict } from '../../../kis/outcome';
import type { Attempt } from '../../../kis/revocation';
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
const MEANING: Readonly<
	Record<Outcome, { readonly headline: string; readonly consequence: string }>
> = {
	revoked: { headline: 'The token was revoked', consequence: 'It is dead.' },
	alreadyInvalid: { headline: 'The token was invalid already', consequence: 'It is dead.' },
	rejected: { headline: 'The token was not revoked', consequence: 'It may still be live.' },
	unknown: {
		headline: 'The token may be dead or still live',
		consequence: 'Treat it as live until a revoke is confirmed.',
	},
	notSent: {
		headline: 'The token was not sent to KIS',
		consequence: 'If it was live, it still is.',
	},
};

/**
 * For input that cannot be used, be it the token, the credential or an option.
 *
 * @param environment If the user asked for details.
 */
export function reportUnusable(
	{ why, todo }: Unusable,
	environment: EnvironmentName | null = null,
): Failure {
	const { headline, consequence } = MEANING.notSent;
	return {
		succeeded: false,
		outcome: 'notSent',
		message: `${headline}: ${why}`,
		description: `${consequence} ${todo}`,
		code: null,
		httpStatus: null,
		unusableInput: true,
		details: environment && detailsOf({ outcome: 'notSent', environment }),
	};
}

/** For every item of a run that broke in the node itself: what was sent by then is not known. */
export const BROKEN_RUN: Failure = {
	succeeded: false,
	outcome: 'unknown',
	message: `${MEANING.unknown.headline}: the node itself broke off`,
	description: `${MEANING.unknown.consequence} Revoke it again, and report this to the maintainers of this node.`,
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
	const { outcome, attempts, revokedEarlier } = revocation;
	const answer = tellingAttempt(revocation);
	const httpStatus = answer?.httpStatus ?? null;
	const words = answer?.text ?? '';
	const details = options.includeDetails
		? detailsOf({
				outcome,
				attempts: attempts.length,
				httpStatus,
				environment: credential.environment,
				token,
				appkey: credential.appkey,
			})
		: null;

	const mayBeInvalid = options.alreadyInvalid === 'succeed' || revokedEarlier;
	if (outcome === 'revoked' || (outcome === 'alreadyInvalid' && mayBeInvalid)) {
		const code = answer?.code ?? String(httpStatus);
		return { succeeded: true, outcome, code, message: words, details };
	}

	const { headline, consequence } = MEANING[outcome];
	const { happened, todo } = reasonOf(revocation, token, credential);
	const speaker = answer?.verdict === 'unwritten' ? 'n8n' : 'The server';
	const quoted = words === '' ? '' : `${speaker} says: “${words}”`;
	return {
		succeeded: false,
		outcome,
		message: `${headline}: ${happened}`,
		description: [consequence, quoted, todo].filter((part) => part !== '').join(' '),
		code: answer?.code ?? attempts.at(-1)?.transportCode ?? null,
		httpStatus,
		unusableInput: false,
		details,
	};
}

/** The attempt that an item speaks of: the one that settled it, be it of an earlier call; else the last that KIS gave a code for. */
function tellingAttempt({ outcome, attempts, earlier }: Revocation): Attempt | undefined {
	const settling = SETTLING[outcome]?.map((verdicts) =>
		[...earlier, ...attempts].findLast(({ verdict }) => verdicts.includes(verdict)),
	);
	return (
		settling?.find((attempt) => attempt !== undefined) ??
		attempts.findLast(({ code }) => code !== null) ??
		attempts.at(-1)
	);
}

const INVALID: readonly Verdict[] = ['invalidToken', 'expiredToken'];
const SETTLING: Partial<Record<Outcome, ReadonlyArray<readonly Verdict[]>>> = {
	revoked: [['confirmed'], INVALID],
	alreadyInvalid: [INVALID],
};
