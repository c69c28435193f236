import type { AccessToken } from '../input/accessToken';
import { isLoopback } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import { isLimited, type Issuance } from '../issue/issuance';
import { doubtAbout, isBeingRevoked, type Doubt } from '../memory/revokeMarks';
import type { Obstacle } from './keptState';
import type { KeptToken } from './keptToken';

/** Why a request gets no token. */
export type NoToken =
	| { readonly because: 'cancelled' }
	| { readonly because: 'beingRevoked' }
	/** A revoke has left open whether it is dead; if `asked`, KIS was asked since, and did not tell, either. */
	| { readonly because: 'unsettled'; readonly token: AccessToken; readonly asked: boolean }
	/** None of use is kept, and none is issued unasked at such a host. */
	| { readonly because: 'notUnasked' }
	/** Another worker has asked KIS for one, and has no answer yet. */
	| { readonly because: 'askedElsewhere' }
	/** `until`: none is issued before, in milliseconds since 1970; `null` where the next request may try. */
	| {
			readonly because: 'notIssued';
			readonly issuance: Obstacle['issuance'];
			readonly until: number | null;
	  };

/** What has been done so far for one request that needs a token. */
export interface Progress {
	/** The request may wait until KIS's minute is over, once. */
	readonly mayWait: boolean;
	readonly waitedOut: Obstacle | null;
	/** For how long it waits while another worker asks KIS for a token, in milliseconds since 1970. */
	readonly patientUntil: number;
	/** The token, or the doubt about it, that KIS was asked about. */
	readonly asked: AccessToken | Doubt | null;
	/** How asking for another one has ended, which is done once; `null` where it has not been done. */
	readonly issuance: Issuance | null;
}

/** What to do next for a request that needs a token. */
export type Step =
	| { readonly kind: 'use'; readonly token: AccessToken }
	| { readonly kind: 'refuse'; readonly noToken: NoToken }
	/** Ask KIS whether this token is alive. */
	| { readonly kind: 'ask'; readonly token: AccessToken; readonly about: AccessToken | Doubt }
	| { readonly kind: 'issue' }
	/** Use this token, and have another one issued meanwhile. */
	| { readonly kind: 'useAndIssue'; readonly token: AccessToken }
	/** Wait until the obstacle is over. */
	| { readonly kind: 'wait'; readonly obstacle: Obstacle }
	/** Look again after so many milliseconds: another worker is asking KIS for a token. */
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
	const obstacle = kept.obstacle(now);
	const mayCall = callsUnasked(credential);
	const waitMs = credential.redis ? kept.askedElsewhereMs : 0;
	if (!token) {
		if (!mayCall) return refuse({ because: 'notUnasked' });
		if (waitMs === 0) return replace(obstacle, progress);
		return now < progress.patientUntil
			? { kind: 'lookAgain', waitMs }
			: refuse({ because: 'askedElsewhere' });
	}
	if (isBeingRevoked(token, credential)) return refuse({ because: 'beingRevoked' });
	const doubt = doubtAbout(token, credential);
	const about = doubt ?? token;
	const asked = progress.asked === about;
	if (mayCall && !asked && (doubt || kept.isToBeAskedAbout(now)))
		return { kind: 'ask', token, about };
	if (doubt) return refuse({ because: 'unsettled', token, asked });
	const isAsked = progress.issuance !== null || waitMs > 0;
	const isReplaced = mayCall && kept.isDue(now) && !obstacle && !isAsked;
	if (!isReplaced) return { kind: 'use', token };
	return progress.mayWait ? { kind: 'issue' } : { kind: 'useAndIssue', token };
}

/** For want of a token that could be used. */
function replace(obstacle: Obstacle | null, { mayWait, waitedOut, issuance }: Progress): Step {
	if (obstacle && obstacle !== waitedOut) {
		return mayWait && !waitedOut && isWaitedOut(obstacle)
			? { kind: 'wait', obstacle }
			: refuse({ because: 'notIssued', ...obstacle });
	}
	if (!issuance) return { kind: 'issue' };
	// A token that was issued for this request and is of no use now has been revoked meanwhile.
	return issuance.outcome === 'issued'
		? refuse({ because: 'beingRevoked' })
		: refuse({ because: 'notIssued', issuance, until: null });
}

/** KIS has said that it issues once a minute; or a worker has asked, and ended: nobody was told that its answer is lost. */
function isWaitedOut({ issuance }: Obstacle): boolean {
	if (issuance.outcome === 'unusable') return false;
	const { outcome, decisive } = issuance;
	return decisive ? outcome === 'rejected' && isLimited(decisive) : outcome === 'unknown';
}

/** n8n's rules for outgoing connections are not known where a request gets its token: only KIS, and this computer, are called. */
function callsUnasked({ environment, baseUrl }: KisCredential): boolean {
	return environment !== 'custom' || isLoopback(baseUrl);
}

function refuse(noToken: NoToken): Step {
	return { kind: 'refuse', noToken };
}
