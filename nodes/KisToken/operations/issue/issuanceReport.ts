import type { KisCredential } from '../../../../kis/input/credential';
import type { EnvironmentName } from '../../../../kis/input/environments';
import type { InvalidInput } from '../../../../kis/input/invalidInput';
import {
	isLimited,
	obstacleTo,
	type Issuance,
	type Issued,
	type NotIssued,
} from '../../../../kis/issue/issuance';
import { explainAll, quote, sentences } from '../../../../kis/reply/explanation';
import { STOPPED } from '../../host/input';
import { detailsOf } from '../../report/details';
import {
	reportBrokenRun,
	reportInvalidInput,
	type Failure,
	type ItemReport,
} from '../../report/itemReport';
import { reportGrant, reportUnusableGrant } from './grantReport';
import type { IssueNodeOptions } from './options';
import { HEADLINE, type IssueOutcome } from './outcomes';

const ISSUE_AGAIN =
	'If a token was issued, KIS gives the same one again for 6 hours: wait a minute, then issue again.';
const WAITS_FOR_YOU = 'The option Wait When Limited waits and asks again for you.';

type ReportOptions = Pick<IssueNodeOptions, 'includeDetails' | 'waitWhenLimited'>;

/**
 * Reports input that keeps the node from asking for a token.
 *
 * @param mayHaveIssued Whether KIS may have issued one that this execution did not pass on: the outcome is `unknown` then.
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
	const description = `${invalid.todo} This execution has asked for a token that it did not pass on. ${ISSUE_AGAIN}`;
	return { ...report, description };
}

/** `unknown`, since the node may have asked for a token before it failed. */
export const BROKEN_RUN = reportBrokenRun<IssueOutcome>('unknown', HEADLINE.unknown, ISSUE_AGAIN);

/** Reports how a request for a token ended. */
export function reportIssuance(
	issuance: Issuance,
	credential: KisCredential,
	options: ReportOptions,
): ItemReport<IssueOutcome> {
	switch (issuance.outcome) {
		case 'issued':
			return reportIssued(issuance, credential, options);
		case 'unusable':
			return reportUnusableGrant({ ...issuance, obstacle: issuance.flaw }, credential, options);
		default:
			return reportNotIssued(issuance, credential, options);
	}
}

function reportIssued(
	issued: Issued,
	credential: KisCredential,
	options: ReportOptions,
): ItemReport<IssueOutcome> {
	const { outcome, grant, attempts } = issued;
	const obstacle = obstacleTo(issued, credential);
	return obstacle === null
		? reportGrant(grant, outcome, credential, options, attempts)
		: reportUnusableGrant({ ...issued, obstacle }, credential, options);
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
