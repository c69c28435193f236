import type { Logger } from 'n8n-workflow';

import type { KisCredential } from '../../../kis/input/credential';
import { nameOfRedis } from '../../../kis/input/redisUrl';
import { REDIS_TROUBLES } from '../../../kis/redis/redisErrors';
import { sharedStoreOf } from '../../../kis/redis/sharedStore';
import { sentences } from '../../../kis/reply/explanation';

/** Returns whether workers are to share a Redis, and it could not be used just now. */
export function isNotShared({ redis }: KisCredential): boolean {
	return redis !== null && sharedStoreOf(redis).trouble !== null;
}

/** Warns in n8n's log that this process shares nothing with the others: once each time that Redis becomes unusable. */
export function logIfNotShared(logger: Logger, { redis }: KisCredential): void {
	const trouble = redis && sharedStoreOf(redis).takeNews();
	if (!trouble) return;
	const { happened, todo } = REDIS_TROUBLES[trouble];
	logger.warn(
		sentences(
			`KIS Token: not shared with the other workers. Redis at ${nameOfRedis(redis)} cannot be used: ${happened}.`,
			"Meanwhile this worker keeps to its part of KIS's limit.",
			todo,
		),
	);
}
