import type { IDataObject } from 'n8n-workflow';

import type { AccessToken } from '../../../kis/accessToken';
import type { KisCredential } from '../../../kis/credential';
import type { EnvironmentName } from '../../../kis/environments';
import type { Outcome } from '../../../kis/outcome';
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
	return {
		succeeded: false,
		outcome: 'notSent',
		message: `${MEANING.notSent.headline}: ${why}`,
		description: `KIS was not asked. ${todo}`,
		code: null,
		httpStatus: null,
		unusableInput: true,
		details: environment && detailsOf({ outcome: 'notSent', environment }),
	};
}

/** For every item, where an earlier try of the execution could use its input and this one cannot: which tokens were sent then is not known. */
export function reportUnusableNow({ why, todo }: Unusable): Failure {
	return {
		...reportUnusable({ why, todo }),
		outcome: 'unknown',
		message: `${MEANING.unknown.headline}: ${why}`,
		description: `An earlier try of this execution may have sent it. ${MEANING.unknown.consequence} ${todo}`,
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
	const { outcome, attempts, decisive, before, ended } = revocation;
	const isDead = outcome === 'revoked' || outcome === 'alreadyInvalid';
	const lastWithCode = attempts.findLast(({ code }) => code !== null);
	const answer = isDead ? decisive : (lastWithCode ?? decisive);
	const httpStatus = answer?.httpStatus ?? null;
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

	// What this execution has revoked itself was not invalid before.
	const mayBeInvalid = options.alreadyInvalid === 'succeed' || before === 'revoked';
	if (outcome === 'revoked' || (outcome === 'alreadyInvalid' && mayBeInvalid)) {
		const code = answer?.code ?? String(httpStatus);
		return { succeeded: true, outcome, code, message: answer?.text ?? '', details };
	}

	const { headline, consequence } = MEANING[outcome];
	const unreachable = ended?.because === 'hostUnreachable' ? ended.seen : null;
	const { happened, todo } = reasonOf(revocation, token, credential);
	return {
		succeeded: false,
		outcome,
		message: `${headline}: ${happened}`,
		description: [consequence, ...quote(answer), ...todo].join(' '),
		code: answer?.code ?? (answer ?? unreachable)?.transportCode ?? null,
		httpStatus,
		unusableInput: false,
		details,
	};
}

/** What the other side said in its own words, if it said anything. */
function quote(answer: Attempt | null): string[] {
	if (!answer?.text) return [];
	const { verdict, refusalCode, text } = answer;
	const speaker = verdict === 'unwritten' ? 'n8n says' : 'The server says';
	return [`${speaker}${refusalCode === null ? '' : ` (${refusalCode})`}: “${quotable(text)}”`];
}

/** Without what would move, hide or end the quotation: control and format characters, lines, quotation marks of its kind. */
function quotable(text: string): string {
	return text.replace(/[\s\p{C}]+/gu, ' ').replace(/[“”]/g, '"');
}
