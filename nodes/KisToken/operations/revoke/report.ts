import type { AccessToken } from '../../../../kis/input/accessToken';
import type { Attempt } from '../../../../kis/reply/attempt';
import type { KisCredential } from '../../../../kis/input/credential';
import type { EnvironmentName } from '../../../../kis/input/environments';
import type { Standing } from '../../../../kis/memory/executionMemory';
import { meansDead, type RevokeOutcome } from '../../../../kis/reply/outcome';
import type { Revocation } from '../../../../kis/revoke/revocation';
import type { InvalidInput } from '../../../../kis/input/invalidInput';
import { detailsOf, timeOrNull } from '../../report/details';
import { quote, sentences } from '../../report/explain';
import { reportBroken, reportUnusable, type Failure, type Report } from '../../report/report';
import type { RevokeNodeOptions } from './options';
import { reasonOf } from './reason';

/** What each outcome says of the token: how a message starts, and what follows for the user. */
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

/** @param environment If the user asked for details. */
export function reportNotSent(
	unusable: InvalidInput,
	environment: EnvironmentName | null = null,
): Failure<RevokeOutcome> {
	const details = environment && detailsOf({ outcome: 'notSent', environment });
	return reportUnusable('notSent', MEANING.notSent.headline, unusable, details);
}

/** For a token that the execution has sent before, and cannot send now for want of usable settings. */
export function reportStanding(
	{ outcome, decisive }: Standing,
	unusable: InvalidInput,
): Report<RevokeOutcome> {
	if (outcome === 'revoked') return reportDead(outcome, decisive, null);
	const { headline, consequence } = MEANING[outcome];
	return {
		...reportNotSent(unusable),
		outcome,
		message: `${headline}: ${unusable.why}`,
		description: sentences(unusable.todo, 'This execution has sent the token before.', consequence),
	};
}

/** What was sent by then is not known. */
export const BROKEN_RUN = reportBroken<RevokeOutcome>(
	'unknown',
	MEANING.unknown.headline,
	`${MEANING.unknown.consequence} Revoke it again.`,
);

/** For a token that was, or should have been, sent. */
export function reportRevocation(
	token: AccessToken,
	revocation: Revocation,
	credential: KisCredential,
	options: Pick<RevokeNodeOptions, 'alreadyInvalid' | 'includeDetails'>,
): Report<RevokeOutcome> {
	const { outcome, attempts, decisive, asked, stoppedBy } = revocation;
	const isDead = meansDead(outcome);
	const lastWithCode = attempts.findLast(({ code }) => code !== null);
	const answer = isDead ? decisive : (lastWithCode ?? decisive);
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
	if (answer && isDead && (outcome === 'revoked' || mayBeInvalid)) {
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
		unusableInput: false,
		details,
	};
}

/** @param answer What KIS said of it. */
function reportDead(
	outcome: RevokeOutcome,
	{ code, httpStatus, text }: Attempt,
	details: Report['details'],
): Report<RevokeOutcome> {
	const json = { code: code ?? String(httpStatus), message: text ?? '' };
	return { succeeded: true, outcome, json, details };
}
