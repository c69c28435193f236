import type { AccessToken } from '../../../../kis/input/accessToken';
import type { KisCredential } from '../../../../kis/input/credential';
import type { Grant } from '../../../../kis/issue/grant';
import { SAME_TOKEN_MS, type Obstacle, type UnusableGrant } from '../../../../kis/issue/issuance';
import { deadTokens } from '../../../../kis/memory/deadTokens';
import { doubtAbout } from '../../../../kis/memory/revokeMarks';
import type { Attempt } from '../../../../kis/reply/attempt';
import { sentences } from '../../../../kis/reply/explanation';
import { koreanTime } from '../../../../kis/reply/koreanTime';
import { detailsOf, timeOrNull } from '../../report/details';
import type { Failure, ItemReport } from '../../report/itemReport';
import type { IssueNodeOptions } from './options';
import { HEADLINE, type IssueOutcome } from './outcomes';

const REVOKED_ELSEWHERE =
	'This n8n has revoked the token at another address. If both addresses lead to the same KIS, it is dead: check it before you use it.';
const IN_DOUBT =
	'This n8n has tried to revoke the token, and does not know whether it is dead. Check it before you use it: Inspect with Ask KIS.';

type ReportOptions = Pick<IssueNodeOptions, 'includeDetails'>;

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
		hint: hintAbout(token, credential),
	};
}

function hintAbout(token: AccessToken, credential: KisCredential): string | undefined {
	if (doubtAbout(token, credential)) return IN_DOUBT;
	return deadTokens.isDeadAtAnotherHost(token, credential) ? REVOKED_ELSEWHERE : undefined;
}

/** Why a token that KIS gave cannot be used. */
const OBSTACLES: Readonly<Record<Obstacle, { readonly happened: string; readonly todo: string }>> =
	{
		dead: {
			happened: 'it is dead, since this n8n has revoked it or seen KIS call it invalid',
			todo: 'Before that, programs on this app key may get no other one. Issue again after it.',
		},
		beingRevoked: {
			happened: 'this n8n was revoking it at the same time',
			todo: 'Issue again when the revoke has ended.',
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

type Withheld = Pick<UnusableGrant, 'grant' | 'attempts'> & { readonly obstacle: Obstacle };

/** Reports a token that KIS gave and that cannot be used. Does not pass it on. */
export function reportUnusableGrant(
	{ obstacle, grant: { token, clockAheadMs }, attempts }: Withheld,
	credential: KisCredential,
	{ includeDetails }: ReportOptions,
): Failure<IssueOutcome> {
	const outcome = 'unusable';
	const { happened, todo } = OBSTACLES[obstacle];
	const facts = factsOf(outcome, token, attempts, credential);
	return {
		succeeded: false,
		outcome,
		message: `${HEADLINE.unusable}: ${happened}. KIS may give the same token for six hours after its issue${untilWhen(token)}`,
		description: sentences(
			obstacle === 'expired' ? aboutClock(clockAheadMs) : '',
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
