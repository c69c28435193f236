import type { AccessToken } from '../../../../kis/input/accessToken';
import type { KisCredential } from '../../../../kis/input/credential';
import type { EnvironmentName } from '../../../../kis/input/environments';
import type { InvalidInput } from '../../../../kis/input/invalidInput';
import type { LeftAs } from '../../../../kis/memory/revokeHistory';
import type { Attempt } from '../../../../kis/reply/attempt';
import { quote, sentences } from '../../../../kis/reply/explanation';
import { meansDead, type RevokeOutcome } from '../../../../kis/reply/revokeOutcome';
import type { Revocation } from '../../../../kis/revoke/revocation';
import { detailsOf, timeOrNull } from '../../report/details';
import {
	reportBrokenRun,
	reportInvalidInput,
	type Failure,
	type ItemReport,
} from '../../report/itemReport';
import type { RevokeNodeOptions } from './options';
import { reasonOf } from './reason';

/** What each outcome means for the user. The headline starts the message. */
const MEANING: Readonly<
	Record<RevokeOutcome, { readonly headline: string; readonly consequence: string }>
> = {
	revoked: { headline: 'The token was revoked', consequence: 'The token is dead.' },
	alreadyInvalid: {
		headline: 'The token was invalid already',
		consequence: 'The token is dead.',
	},
	rejected: {
		headline: 'The token was not revoked',
		consequence: 'The token may still be live.',
	},
	unknown: {
		headline: 'The token may be dead or still live',
		consequence: 'Treat the token as live until a revoke is confirmed.',
	},
	notSent: {
		headline: 'The token was not sent to KIS',
		consequence: 'If the token was live, it still is.',
	},
};

/**
 * Reports a token that was not sent, because some input is invalid.
 *
 * @param environment If the user asked for details.
 */
export function reportNotSent(
	invalid: InvalidInput,
	environment: EnvironmentName | null = null,
): Failure<RevokeOutcome> {
	const details = environment && detailsOf({ outcome: 'notSent', environment });
	return reportInvalidInput('notSent', MEANING.notSent.headline, invalid, details);
}

/** Reports a token that an earlier try of the execution sent, and that this try cannot send: its settings are invalid. */
export function reportStanding(
	{ outcome, decisive }: LeftAs,
	invalid: InvalidInput,
): ItemReport<RevokeOutcome> {
	return outcome === 'revoked'
		? reportDead(outcome, decisive, null)
		: reportEarlier(outcome, invalid, 'This execution has sent the token before.');
}

/** Reports a token that cannot be told apart from those that the execution sent before: the settings are invalid. */
export function reportPerhapsSent(invalid: InvalidInput): Failure<RevokeOutcome> {
	return reportEarlier(
		'unknown',
		invalid,
		'This execution has sent tokens before, and this one may be among them.',
	);
}

function reportEarlier(
	outcome: RevokeOutcome,
	invalid: InvalidInput,
	known: string,
): Failure<RevokeOutcome> {
	const { headline, consequence } = MEANING[outcome];
	return {
		...reportNotSent(invalid),
		outcome,
		message: `${headline}: ${invalid.why}`,
		description: sentences(invalid.todo, known, consequence),
	};
}

/** `unknown`, since the node may have sent a token before it failed. */
export const BROKEN_RUN = reportBrokenRun<RevokeOutcome>(
	'unknown',
	MEANING.unknown.headline,
	`${MEANING.unknown.consequence} Revoke it again.`,
);

/** Reports a token that was sent, or was about to be sent. */
export function reportRevocation(
	token: AccessToken,
	revocation: Revocation,
	credential: KisCredential,
	options: Pick<RevokeNodeOptions, 'alreadyInvalid' | 'includeDetails'>,
): ItemReport<RevokeOutcome> {
	const { outcome, attempts, decisive, asked, stoppedBy } = revocation;
	const lastWithCode = attempts.findLast(({ code }) => code !== null);
	const answer = meansDead(outcome) ? decisive : (lastWithCode ?? decisive);
	const httpStatus = answer?.httpStatus ?? null;
	const details = options.includeDetails
		? {
				...detailsOf({
					outcome,
					attempts: attempts.length,
					httpStatus,
					environment: credential.environment,
					token,
					appkey: credential.appkey,
					redis: credential.redis,
				}),
				...(asked?.liveness === 'alive' && { stillAcceptedAt: timeOrNull(asked.askedAt) }),
			}
		: null;

	const mayBeInvalid = options.alreadyInvalid === 'succeed';
	if (answer && (outcome === 'revoked' || (outcome === 'alreadyInvalid' && mayBeInvalid))) {
		return reportDead(outcome, answer, details);
	}

	const { headline, consequence } = MEANING[outcome];
	const unreachable = stoppedBy?.because === 'hostUnreachable' ? stoppedBy.seen : null;
	const { happened, known, todo } = reasonOf(revocation, token, credential);
	return {
		succeeded: false,
		outcome,
		message: `${headline}: ${happened}`,
		description: sentences(known, consequence, todo, quote(answer)),
		code: answer?.code ?? (answer ?? unreachable)?.transportCode ?? null,
		httpStatus,
		invalidInput: false,
		details,
	};
}

/**
 * Reports a dead token as a success.
 *
 * @param answer The attempt by which KIS said so.
 */
function reportDead(
	outcome: RevokeOutcome,
	{ code, httpStatus, text }: Attempt,
	details: ItemReport['details'],
): ItemReport<RevokeOutcome> {
	const json = { code: code ?? String(httpStatus), message: text ?? '' };
	return { succeeded: true, outcome, json, details };
}
