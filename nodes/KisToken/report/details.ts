import type { IDataObject } from 'n8n-workflow';

import { isIssuedTo, shortFingerprint, type AccessToken } from '../../../kis/input/accessToken';
import type { EnvironmentName } from '../../../kis/input/environments';
import type { RedisUrl } from '../../../kis/input/redisUrl';
import { sharedStoreOf } from '../../../kis/redis/sharedStore';
import { koreanTime } from '../../../kis/reply/koreanTime';

/** Facts about a processed item. */
export interface Facts {
	readonly outcome: string;
	readonly environment: EnvironmentName;
	/** How many attempts this run made; 0 if absent. */
	readonly attempts?: number;
	readonly httpStatus?: number | null;
	/** Absent if there is none. */
	readonly token?: AccessToken;
	readonly appkey?: string;
	/** Absent or `null` if the credential names none. */
	readonly redis?: RedisUrl | null;
}

/** Returns what the option Include Details adds to an item; `null` for what is not known. */
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
		...(redis && { sharedWithWorkers: sharedStoreOf(redis).trouble === null }),
	};
}

/** Writes a time as ISO 8601 in Korean time; `null` if it is not known. */
export function timeOrNull(milliseconds: number | null | undefined): string | null {
	return milliseconds === null || milliseconds === undefined ? null : koreanTime(milliseconds);
}
