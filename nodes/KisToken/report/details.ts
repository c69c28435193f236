import type { IDataObject } from 'n8n-workflow';

import { isIssuedTo, shortFingerprint, type AccessToken } from '../../../kis/input/accessToken';
import type { EnvironmentName } from '../../../kis/input/environments';
import { koreanTime } from '../../../kis/reply/koreanTime';
import type { RedisUrl } from '../../../kis/input/redisUrl';
import { sharedStoreOf } from '../../../kis/redis/sharedStore';

export interface Facts {
	readonly outcome: string;
	readonly environment: EnvironmentName;
	/** Made by this run; none if absent. */
	readonly attempts?: number;
	readonly httpStatus?: number | null;
	/** Absent where there is none. */
	readonly token?: AccessToken;
	readonly appkey?: string;
	/** Absent where the workers share none. */
	readonly redis?: RedisUrl | null;
}

/** What the option Include Details adds: `null` where something is not known. */
export function detailsOf(facts: Facts): IDataObject {
	const {
		outcome,
		environment,
		attempts = 0,
		httpStatus = null,
		token,
		appkey = '',
		redis,
	} = facts;
	return {
		outcome,
		attempts,
		httpStatus,
		environment,
		issuedToThisAppKey: token ? isIssuedTo(token, appkey) : null,
		expiresAt: timeOrNull(token?.claims?.expiresAt),
		tokenFingerprint: token ? shortFingerprint(token) : null,
		...(redis && { sharedWithWorkers: sharedStoreOf(redis).obstacle === null }),
	};
}

/** Korean time, ISO 8601; `null` where none is known. */
export function timeOrNull(milliseconds: number | null | undefined): string | null {
	return milliseconds === null || milliseconds === undefined ? null : koreanTime(milliseconds);
}
