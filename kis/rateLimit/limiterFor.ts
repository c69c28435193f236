import type { KisCredential } from '../input/credential';
import { RateLimiter } from './rateLimiter';
import { sharedLimitOf } from './sharedLimit';

const limiters = new Map<string, RateLimiter>();

/** Returns the limiter that this process has for an app key. Forgets those of app keys that are no longer used. */
export function limiterOfAppKey(appkey: string, now = performance.now()): RateLimiter {
	for (const [key, limiter] of limiters) {
		if (key !== appkey && limiter.isIdle(now)) limiters.delete(key);
	}
	const limiter = limiters.get(appkey) ?? new RateLimiter();
	limiters.set(appkey, limiter);
	return limiter;
}

/** Returns the limiter of the credential's app key: for this process, or for all that share the credential's Redis. */
export function limiterFor(credential: KisCredential): RateLimiter {
	const limiter = limiterOfAppKey(credential.appkey);
	limiter.passThrough(sharedLimitOf(credential));
	return limiter;
}
