import type { Issuance } from '../../../../kis/issue/issuance';

/** How Issue can end for an item. */
export const ISSUE_OUTCOMES = [
	'issued',
	/** The token of the option Reuse Token, or the one that the credential keeps, is valid for long enough. */
	'reused',
	'unusable',
	'rejected',
	'unknown',
	'notSent',
] as const satisfies ReadonlyArray<Issuance['outcome'] | 'reused'>;
export type IssueOutcome = (typeof ISSUE_OUTCOMES)[number];

/** How the message about each failure starts. */
export const HEADLINE: Readonly<Record<Exclude<IssueOutcome, 'issued' | 'reused'>, string>> = {
	unusable: 'KIS gave a token that cannot be used',
	rejected: 'No token was issued',
	unknown: 'A token may have been issued, and did not arrive',
	notSent: 'No token was requested',
};
