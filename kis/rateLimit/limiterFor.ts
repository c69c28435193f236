import type { KisCredential } from '../input/credential';
import { limiterOf, type RateLimiter } from './rateLimiter';
import { sharedLimitOf } from './sharedLimit';

/** Returns the limiter of the credential's app key: for this process, or for all that share the credential's Redis. */
export function limiterFor(credential: KisCredential): RateLimiter {
	const limiter = limiterOf(credential.appkey);
	limiter.passThrough(sharedLimitOf(credential));
	return limiter;
}
