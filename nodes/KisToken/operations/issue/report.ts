import type { IDataObject } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/accessToken';
import type { KisCredential } from '../../../../kis/credential';
import { lookUpCode } from '../../../../kis/errorCodes';
import { SAME_TOKEN_MS } from '../../../../kis/issue/issuance';
import type { Flaw, Issuance, NotIssued, UnusableGrant } from '../../../../kis/issue/issueToken';
import { koreanTime } from '../../../../kis/koreanTime';
import type { Unusable } from '../../../../kis/unusable';
import { detailsOf, timeOrNull } from '../../report/details';
import { explain } from '../../report/explain';
import {
	quote,
	reportBroken,
	reportUnusable,
	type Failure,
	type Report,
} from '../../report/report';
import type { IssueNodeOptions } from './options';

/** How a message starts. */
const HEADLINE: Readonly<Record<NotIssued['outcome'] | 'unusable', string>> = {
	unusable: 'KIS gave a token that cannot be used',
	rejected: 'No token was issued',
	unknown: 'A token may have been issued, and did not arrive',
	notSent: 'No token was asked for',
};

const ISSUE_AGAIN =
	'If a token was issued, KIS gives the same one again for 6 hours: wait a minute, then issue again.';
const TURN_ON_WAITING = 'Wait When Limited does that for you.';

export function reportNotAsked(unusable: Unusable): Failure {
	return reportUnusable('notSent', HEADLINE.notSent, unusable);
}

/** For every item, where an earlier try of the execution could ask and this one cannot: what came of it is not known. */
export function reportUnknown({ why, todo }: Unusable): Failure {
	return {
		...reportNotAsked({ why, todo }),
		outcome: 'unknown',
		message: `${HEADLINE.unknown}: ${why}`,
		description: `An earlier try of this execution may have asked for one. ${todo} ${ISSUE_AGAIN}`,
	};
}

/** What was asked for by then is not known. */
export const BROKEN_RUN = reportBroken('unknown', HEADLINE.unknown, ISSUE_AGAIN);

/** For a token that is good enough, so that none was asked for. */
export function reportReuse(
	token: AccessToken,
	{ appkey, environment }: KisCredential,
	options: IssueNodeOptions,
): Report {
	const expiresAt = token.claims?.expiresAt ?? null;
	return {
		succeeded: true,
		outcome: 'reused',
		json: {
			access_token: token.value,
			// As KIS writes it: Korean time without an offset.
			access_token_token_expired:
				expiresAt === null ? null : koreanTime(expiresAt).slice(0, 19).replace('T', ' '),
			token_type: 'Bearer',
			expires_in: expiresAt === null ? null : Math.floor((expiresAt - Date.now()) / 1000),
			expires_at: timeOrNull(expiresAt),
		},
		details: options.includeDetails
			? detailsOf({ outcome: 'reused', environment, token, appkey })
			: null,
	};
}

export function reportIssuance(
	issuance: Issuance,
	{ appkey, environment }: KisCredential,
	options: IssueNodeOptions,
): Report {
	const { outcome, attempts } = issuance;
	const httpStatus = attempts.at(-1)?.httpStatus ?? null;
	const token =
		issuance.outcome === 'issued'
			? issuance.grant.token
			: issuance.outcome === 'unusable'
				? issuance.token
				: undefined;
	const details = options.includeDetails
		? detailsOf({ outcome, attempts: attempts.length, httpStatus, environment, token, appkey })
		: null;
	switch (issuance.outcome) {
		case 'issued': {
			const { fields, expiresAt } = issuance.grant;
			const given = Object.entries(fields).filter(([, value]) => value !== undefined);
			const json: IDataObject = {
				...Object.fromEntries(given),
				expires_at: timeOrNull(expiresAt),
			};
			return { succeeded: true, outcome, json, details };
		}
		case 'unusable':
			return { ...explainFlaw(issuance), succeeded: false, outcome, httpStatus, details };
		default:
			return { ...explainFailure(issuance, options), succeeded: false, outcome, details };
	}
}

/** Why a token that KIS gave is of no use. */
const FLAWS: Readonly<Record<Flaw, { readonly happened: string; readonly todo: string }>> = {
	dead: {
		happened: 'it is dead, since this n8n has revoked it or seen KIS call it invalid',
		todo: 'Until then no program on this app key gets another one.',
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

function explainFlaw({ flaw, token }: UnusableGrant) {
	const { happened, todo } = FLAWS[flaw];
	const issuedAt = token.claims?.issuedAt ?? null;
	const until =
		issuedAt === null
			? 'until six hours after its issue'
			: `until ${koreanTime(issuedAt + SAME_TOKEN_MS)}, six hours after its issue`;
	const again = flaw === 'otherAppKey' ? '' : `. KIS may give it again ${until}`;
	return {
		message: `${HEADLINE.unusable}: ${happened}${again}`,
		description: `The token was not given out. ${todo}`,
		code: null,
		unusableInput: false,
	};
}

function explainFailure({ outcome, attempts, decisive }: NotIssued, options: IssueNodeOptions) {
	if (decisive === null) {
		const stopped = { why: 'the execution was stopped', todo: 'Run again.' };
		return { ...reportNotAsked(stopped), unusableInput: false };
	}
	const { happened, todo } = explain(decisive);
	const when = attempts.includes(decisive) ? '' : 'in an earlier try of this execution, ';
	const last = attempts.at(-1) ?? decisive;
	const lastWithCode = attempts.findLast(({ code }) => code !== null) ?? decisive;
	const isLimited = last.refusalCode !== null && lookUpCode(last.refusalCode).limitsIssue === true;
	const steps = new Set([
		...quote(lastWithCode),
		...(outcome === 'unknown' ? [ISSUE_AGAIN] : []),
		todo,
		// What would keep the next try from going better.
		explain(last).todo,
		...((outcome === 'unknown' || isLimited) && !options.waitWhenLimited ? [TURN_ON_WAITING] : []),
	]);
	return {
		message: `${HEADLINE[outcome]}: ${when}${happened}`,
		description: [...steps].filter((step) => step !== '').join(' '),
		code: lastWithCode.code ?? last.transportCode,
		httpStatus: lastWithCode.httpStatus,
		unusableInput: false,
	};
}
