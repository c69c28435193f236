import type { AccessToken } from '../../../../kis/input/accessToken';
import type { Attempt } from '../../../../kis/reply/attempt';
import type { KisCredential } from '../../../../kis/input/credential';
import { deadTokens } from '../../../../kis/memory/deadTokens';
import type { EnvironmentName } from '../../../../kis/input/environments';
import type { Grant } from '../../../../kis/issue/grant';
import {
	isLimited,
	SAME_TOKEN_MS,
	type Flaw,
	type Issuance,
	type NotIssued,
	type UnusableGrant,
} from '../../../../kis/issue/issuance';
import { koreanTime } from '../../../../kis/reply/koreanTime';
import type { InvalidInput } from '../../../../kis/input/invalidInput';
import { STOPPED } from '../../host/input';
import { detailsOf, timeOrNull } from '../../report/details';
import { explainAll, quote, sentences } from '../../../../kis/reply/explanation';
import {
	reportBrokenRun,
	reportInvalidInput,
	type Failure,
	type ItemReport,
} from '../../report/itemReport';
import type { IssueNodeOptions } from './options';

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

/** How the message of each failure starts. */
const HEADLINE: Readonly<Record<Exclude<IssueOutcome, 'issued' | 'reused'>, string>> = {
	unusable: 'KIS gave a token that cannot be used',
	rejected: 'No token was issued',
	unknown: 'A token may have been issued, and did not arrive',
	notSent: 'No token was requested',
};

const ISSUE_AGAIN =
	'If a token was issued, KIS gives the same one again for 6 hours: wait a minute, then issue again.';
const REVOKED_ELSEWHERE =
	'This n8n has revoked the token at another address. If both addresses lead to the same KIS, it is dead: check it before you use it.';
const WAITS_FOR_YOU = 'The option Wait When Limited waits and asks again for you.';

/**
 * Reports input that keeps the node from asking for a token.
 *
 * @param mayHaveIssued Whether an earlier try of the execution may have got one issued: the outcome is `unknown` then.
 * @param environment If the user asked for details.
 */
export function reportNoRequest(
	invalid: InvalidInput,
	mayHaveIssued: boolean,
	environment: EnvironmentName | null = null,
): Failure<IssueOutcome> {
	const outcome = mayHaveIssued ? 'unknown' : 'notSent';
	const details = environment && detailsOf({ outcome, environment });
	const report = reportInvalidInput<IssueOutcome>(outcome, HEADLINE[outcome], invalid, details);
	if (!mayHaveIssued) return report;
	const description = `${invalid.todo} This execution has asked for a token, and got no verdict. ${ISSUE_AGAIN}`;
	return { ...report, description };
}

/** `unknown`, since the node may have asked for a token before it failed. */
export const BROKEN_RUN = reportBrokenRun<IssueOutcome>('unknown', HEADLINE.unknown, ISSUE_AGAIN);

type ReportOptions = Pick<IssueNodeOptions, 'includeDetails' | 'waitWhenLimited'>;

/** Reports how a request for a token ended. */
export function reportIssuance(
	issuance: Issuance,
	credential: KisCredential,
	options: ReportOptions,
): ItemReport<IssueOutcome> {
	switch (issuance.outcome) {
		case 'issued':
			return reportGrant(issuance.grant, 'issued', credential, options, issuance.attempts);
		case 'unusable':
			return reportUnusableGrant(issuance, credential, options);
		default:
			return reportNotIssued(issuance, credential, options);
	}
}

/** Reports a token, and passes it on to the steps that follow. */
export function reportGrant(
	{ token, expiresAt, fields }: Grant,
	outcome: 'issued' | 'reused',
	credential: KisCredential,
	{ includeDetails }: ReportOptions,
	attempts: readonly Attempt[] = [],
): ItemReport<IssueOutcome> {
	const facts = factsOf(outcome, token, attempts, credential);
	return {
		succeeded: true,
		outcome,
		json: { ...fields, expires_at: timeOrNull(expiresAt) },
		details: includeDetails ? detailsOf(facts) : null,
		hint: deadTokens.hasElsewhere(token, credential) ? REVOKED_ELSEWHERE : undefined,
	};
}

/** Why a token that KIS gave cannot be used. */
const FLAWS: Readonly<Record<Flaw, { readonly happened: string; readonly todo: string }>> = {
	dead: {
		happened: 'it is dead, since this n8n has revoked it or seen KIS call it invalid',
		todo: 'Before that, programs on this app key may get no other one. Issue again after it.',
	},
	cutOff: {
		happened: 'its end is missing',
		todo: 'Check the relay or proxy in between: it may cut answers off.',
	},
	expired: {
		happened: 'it has expired',
		todo: "Check this computer's clock; if it is right, issue again later.",
	},
	otherAppKey: {
		happened: 'it says that it was issued to another app key',
		todo: 'Check the relay or proxy in between: it may mix up its clients.',
	},
};

function reportUnusableGrant(
	{ outcome, flaw, grant: { token, clockAheadMs }, attempts }: UnusableGrant,
	credential: KisCredential,
	{ includeDetails }: ReportOptions,
): Failure<IssueOutcome> {
	const { happened, todo } = FLAWS[flaw];
	const facts = factsOf(outcome, token, attempts, credential);
	return {
		succeeded: false,
		outcome,
		message: `${HEADLINE.unusable}: ${happened}. KIS may give the same token for six hours after its issue${untilWhen(token)}`,
		description: sentences(
			flaw === 'expired' ? aboutClock(clockAheadMs) : '',
			todo,
			'The token was not passed on.',
		),
		code: null,
		httpStatus: facts.httpStatus,
		invalidInput: false,
		details: includeDetails ? detailsOf(facts) : null,
	};
}

/** Says how far this computer's clock is off, if KIS's clock shows it. */
function aboutClock(clockAheadMs: number): string {
	if (clockAheadMs === 0) return '';
	const minutes = Math.round(Math.abs(clockAheadMs) / 60_000);
	return `This computer's clock is ${minutes} minutes ${clockAheadMs > 0 ? 'behind' : 'ahead of'} the server's, by which the token's time was counted: set it right.`;
}

function untilWhen({ claims }: AccessToken): string {
	const issuedAt = claims?.issuedAt ?? null;
	if (issuedAt === null) return '';
	const end = issuedAt + SAME_TOKEN_MS;
	const isOver = end <= Date.now();
	return `: this one until ${koreanTime(end)}${isOver ? ", which is over by this computer's clock" : ''}`;
}

function reportNotIssued(
	{ outcome, attempts, decisive }: NotIssued,
	{ environment, redis }: KisCredential,
	{ includeDetails, waitWhenLimited }: ReportOptions,
): Failure<IssueOutcome> {
	const answer = attempts.findLast(({ code }) => code !== null) ?? decisive;
	const httpStatus = answer?.httpStatus ?? null;
	const facts = { outcome, attempts: attempts.length, httpStatus, environment, redis };
	const details = includeDetails ? detailsOf(facts) : null;
	if (decisive === null) {
		const stopped = reportInvalidInput(outcome, HEADLINE[outcome], STOPPED, details);
		return { ...stopped, invalidInput: false };
	}
	const { happened, todo, optionsTodo } = explainAll(attempts, decisive);
	const isOpen = outcome === 'unknown';
	const mayWait = !waitWhenLimited && (isOpen || isLimited(attempts.at(-1) ?? decisive));
	const waits = mayWait ? WAITS_FOR_YOU : '';
	return {
		succeeded: false,
		outcome,
		message: `${HEADLINE[outcome]}: ${happened}`,
		description: sentences(
			...(isOpen ? [ISSUE_AGAIN, waits] : []),
			todo,
			optionsTodo,
			waits,
			quote(answer),
		),
		code: answer?.code ?? attempts.at(-1)?.transportCode ?? decisive.transportCode,
		httpStatus,
		invalidInput: false,
		details,
	};
}

/** Collects what Include Details shows of a token. */
function factsOf(
	outcome: IssueOutcome,
	token: AccessToken,
	attempts: readonly Attempt[],
	{ appkey, environment, redis }: KisCredential,
) {
	const httpStatus = attempts.at(-1)?.httpStatus ?? null;
	return { outcome, attempts: attempts.length, httpStatus, environment, token, appkey, redis };
}
