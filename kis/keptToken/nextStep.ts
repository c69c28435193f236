import type { AccessToken } from '../input/accessToken';
import type { KisCredential } from '../input/credential';
import { isLimited, type Issuance } from '../issue/issuance';
import { doubtAbout, isBeingRevoked, type Doubt } from '../memory/revokeMarks';
import type { IssueHold } from './issueHold';
import type { KeptToken } from './keptToken';

/** How long an order waits for a token, whatever the delay: an order that goes out late is not the one that was meant. */
export const ORDER_WAIT_MS = 10_000;

/** Why a request gets no token. */
export type NoToken =
	| { readonly because: 'cancelled' }
	/** An order has waited for {@link ORDER_WAIT_MS}. */
	| { readonly because: 'tookTooLong' }
	| { readonly because: 'beingRevoked' }
	/** A revoke left open whether it is dead. If `checked`, KIS was asked since, and its answer did not tell. */
	| { readonly because: 'unsettled'; readonly token: AccessToken; readonly checked: boolean }
	/** No usable token is kept, and the host may not be called unasked. */
	| { readonly because: 'mayNotCall' }
	/** Another worker has requested one, and has no answer yet. */
	| { readonly because: 'requestedElsewhere' }
	/** `until`: none is requested before, in milliseconds since 1970; `null` if the next request may try. */
	| {
			readonly because: 'notIssued';
			readonly issuance: IssueHold['issuance'];
			readonly until: number | null;
	  };

/** What was done so far for one request that needs a token. */
export interface Progress {
	/** Whether the request may wait until KIS's minute is over. It does so once. */
	readonly mayWait: boolean;
	readonly waitedOut: IssueHold | null;
	/** Until when it waits while another worker requests a token, in milliseconds since 1970. */
	readonly patientUntil: number;
	/** The token, or the doubt about it, that KIS was asked about. */
	readonly checked: AccessToken | Doubt | null;
	/** How the one token request for it ended; `null` if none was made. */
	readonly issuance: Issuance | null;
}

/** What to do next for a request that needs a token. */
export type Step =
	| { readonly kind: 'use'; readonly token: AccessToken }
	| { readonly kind: 'refuse'; readonly noToken: NoToken }
	/** Ask KIS whether this token is alive. */
	| { readonly kind: 'check'; readonly token: AccessToken; readonly about: AccessToken | Doubt }
	| { readonly kind: 'issue' }
	/** Use this token, and request another meanwhile. */
	| { readonly kind: 'useAndIssue'; readonly token: AccessToken }
	/** Wait until the hold is over. */
	| { readonly kind: 'wait'; readonly hold: IssueHold }
	/** Look again after `waitMs`: another worker is requesting a token. */
	| { readonly kind: 'lookAgain'; readonly waitMs: number };

/**
 * Decides by what is known at this moment.
 *
 * @param now In milliseconds since 1970.
 */
export function nextStep(
	credential: KisCredential,
	kept: KeptToken,
	progress: Progress,
	now: number,
): Step {
	const token = kept.usable(credential);
	const hold = kept.holdAt(now);
	const mayCall = credential.mayCallUnasked;
	const waitMs = credential.redis ? kept.waitForOthersMs : 0;
	if (!token) {
		if (!mayCall) return refuse({ because: 'mayNotCall' });
		if (waitMs === 0) return replace(hold, progress);
		return now < progress.patientUntil
			? { kind: 'lookAgain', waitMs }
			: refuse({ because: 'requestedElsewhere' });
	}
	if (isBeingRevoked(token, credential)) return refuse({ because: 'beingRevoked' });
	const doubt = doubtAbout(token, credential);
	const about = doubt ?? token;
	const checked = progress.checked === about;
	if (mayCall && !checked && (doubt || kept.isCheckDue(now)))
		return { kind: 'check', token, about };
	if (doubt) return refuse({ because: 'unsettled', token, checked });
	const isRequested = progress.issuance !== null || waitMs > 0;
	const shouldReplace = mayCall && kept.isDue(now) && !hold && !isRequested;
	if (!shouldReplace) return { kind: 'use', token };
	return progress.mayWait ? { kind: 'issue' } : { kind: 'useAndIssue', token };
}

/** Decides if there is no usable token. */
function replace(hold: IssueHold | null, { mayWait, waitedOut, issuance }: Progress): Step {
	if (hold && hold !== waitedOut) {
		return mayWait && !waitedOut && endsInAMinute(hold)
			? { kind: 'wait', hold }
			: refuse({ because: 'notIssued', ...hold });
	}
	if (!issuance) return { kind: 'issue' };
	// A token that was issued for this request and is unusable now was revoked meanwhile.
	return issuance.outcome === 'issued'
		? refuse({ because: 'beingRevoked' })
		: refuse({ because: 'notIssued', issuance, until: null });
}

/**
 * Returns whether waiting a minute can help: KIS refused for its one-a-minute limit, or the worker that asked died before it
 * could report an answer.
 */
function endsInAMinute({ issuance }: IssueHold): boolean {
	if (issuance.outcome === 'unusable') return false;
	const { outcome, decisive } = issuance;
	return decisive ? outcome === 'rejected' && isLimited(decisive) : outcome === 'unknown';
}

function refuse(noToken: NoToken): Step {
	return { kind: 'refuse', noToken };
}
