import { UserError } from 'n8n-workflow';

import { shortFingerprint } from '../kis/input/accessToken';
import type { KisCredential } from '../kis/input/credential';
import { ENVIRONMENTS } from '../kis/input/environments';
import { isLimited, type Flaw, type NotIssued, type UnusableGrant } from '../kis/issue/issuance';
import { ORDER_WAIT_MS, type NoToken } from '../kis/keptToken/nextStep';
import { LONGEST_ADMISSION_MS, readIntervalMs, type NotAdmitted } from '../kis/rateLimit/admission';
import { explainAll, sentences } from '../kis/reply/explanation';
import { koreanTime } from '../kis/reply/koreanTime';

const NOT_SENT = 'The request was not sent';
const ISSUE = 'Issue in KIS Token asks KIS right away, and what it gets is used here too.';
const SETTLE_FIRST =
	'Revoke the token again in KIS Token (Token From: Credential), or look there with Inspect and Ask KIS, then run again.';
const OPTIONS_OF_ISSUE =
	'Run Issue in KIS Token with other options (Requests per Second, Max Retries, Timeout): what it gets is used here too.';

interface ErrorTexts {
	/** Without a full stop. */
	readonly message: string;
	readonly description: string;
}

const STOPPED: ErrorTexts = { message: 'the execution was stopped', description: 'Run again.' };

/** Returns the error for a request that gets no token. n8n shows it word for word. It contains no secret. */
export function noTokenError(noToken: NoToken): UserError {
	const { message, description } = explainNoToken(noToken);
	return new UserError(`${NOT_SENT}: ${message}`, { description });
}

/** Returns the error for a request that is not admitted to the app key's limit. */
export function notAdmittedError(notAdmitted: NotAdmitted, credential: KisCredential): UserError {
	const { message, description } =
		notAdmitted.because === 'cancelled' ? STOPPED : explainTooLong(notAdmitted.waitMs, credential);
	return new UserError(`${NOT_SENT}: ${message}`, { description });
}

function explainTooLong(waitMs: number, credential: KisCredential): ErrorTexts {
	const { requestsPerSecond } = ENVIRONMENTS[credential.environment];
	return {
		message: `its turn would have come in ${Math.ceil(waitMs / 1000)} s, and no request waits longer than ${LONGEST_ADMISSION_MS / 1000} s`,
		description: `Too many requests came together for a limit of ${requestsPerSecond} a second. Spread them: in the HTTP Request node, add the option Batching, with Items per Batch 1 and Batch Interval (ms) ${readIntervalMs(credential)}.`,
	};
}

function explainNoToken(noToken: NoToken): ErrorTexts {
	switch (noToken.because) {
		case 'cancelled':
			return STOPPED;
		case 'tookTooLong':
			return {
				message: `no access token was available within ${ORDER_WAIT_MS / 1000} s, and only a GET waits longer`,
				description: 'Run again in a moment.',
			};
		case 'beingRevoked':
			return {
				message: 'the access token of the KIS API credential is being revoked at this moment',
				description:
					'Run again when KIS Token is done. If the token is dead then, the credential gets another one.',
			};
		case 'unsettled': {
			const { token, checked } = noToken;
			const since = checked ? ', and KIS has not said since whether it is alive' : '';
			return {
				message: `a revoke of access token ${shortFingerprint(token)} was not confirmed${since}`,
				description: SETTLE_FIRST,
			};
		}
		case 'mayNotCall':
			return {
				message:
					'the KIS API credential has no access token that is valid, and does not ask this Custom host for one by itself',
				description: `Run Issue in KIS Token with this credential first. ${ISSUE}`,
			};
		case 'requestedElsewhere':
			return {
				message: 'another n8n worker has asked KIS for an access token, and has no answer yet',
				description: 'Run again in a moment.',
			};
		case 'notIssued':
			return noToken.issuance.outcome === 'unusable'
				? explainUnusable(noToken.issuance, noToken.until)
				: explainNotIssued(noToken.issuance);
	}
}

const FLAWS: Readonly<Record<Flaw, ErrorTexts>> = {
	dead: {
		message: 'is dead',
		description:
			'It was revoked here, or KIS called it invalid. KIS may give the same token for six hours after its issue.',
	},
	cutOff: {
		message: 'lacks its end',
		description: 'Check the relay or proxy in between: it may cut answers off.',
	},
	expired: {
		message: 'has expired',
		description: "Check this computer's clock; if it is right, run again later.",
	},
	otherAppKey: {
		message: 'says that it was issued to another app key',
		description: 'Check the relay or proxy in between: it may mix up its clients.',
	},
};

function explainUnusable({ grant, flaw }: UnusableGrant, until: number | null): ErrorTexts {
	const { message, description } = FLAWS[flaw];
	const name = shortFingerprint(grant.token);
	const when = until === null ? '' : `. No other is requested before ${koreanTime(until)}`;
	return {
		message: `KIS gave access token ${name}, which ${message}${when}`,
		description: sentences(description, ISSUE),
	};
}

const HEADLINES: Readonly<Record<NotIssued['outcome'], string>> = {
	rejected: 'no access token was issued',
	unknown: 'an access token may have been issued, and did not arrive',
	notSent: 'KIS could not be asked for an access token',
};

/** Another worker's request. */
const ENDED: ErrorTexts = {
	message: `${HEADLINES.unknown}: the n8n worker that asked KIS for it has ended`,
	description: 'Run again in a minute: KIS then gives the same one.',
};
const NOT_REQUESTED: ErrorTexts = {
	message: 'no access token was requested',
	description: ISSUE,
};

function explainNotIssued({ outcome, attempts, decisive }: NotIssued): ErrorTexts {
	if (decisive === null) return outcome === 'unknown' ? ENDED : NOT_REQUESTED;
	if (isLimited(decisive)) {
		return {
			message:
				'KIS issues an access token only once a minute (1분당 1회), and one was just issued for this app key, perhaps to another program (EGW00133)',
			description: 'Run again in a minute.',
		};
	}
	const { happened, todo, optionsTodo } = explainAll(attempts, decisive);
	const again = outcome === 'unknown' ? 'Run again in a minute: KIS then gives the same one.' : '';
	return {
		message: `${HEADLINES[outcome]}: ${happened}`,
		description: sentences(again, todo, optionsTodo === '' ? '' : OPTIONS_OF_ISSUE),
	};
}
