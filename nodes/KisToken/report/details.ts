import type { IDataObject } from 'n8n-workflow';

import { isIssuedTo, type AccessToken } from '../../../kis/accessToken';
import type { EnvironmentName } from '../../../kis/environments';
import type { Outcome } from '../../../kis/outcome';

const KOREAN_OFFSET_MS = 9 * 60 * 60 * 1000;
const FINGERPRINT_DIGITS = 12;

export interface Known {
	readonly outcome: Outcome;
	readonly environment: EnvironmentName;
	/** Made by this run; none if absent. */
	readonly attempts?: number;
	readonly httpStatus?: number | null;
	/** Absent where the input is no token. */
	readonly token?: AccessToken;
	readonly appkey?: string;
}

/** What the option Include Details adds: `null` where something is not known. */
export function detailsOf(known: Known): IDataObject {
	const { outcome, environment, attempts = 0, httpStatus = null, token, appkey = '' } = known;
	const expiresAt = token?.claims?.expiresAt ?? null;
	return {
		outcome,
		attempts,
		httpStatus,
		environment,
		issuedToThisAppKey: token ? isIssuedTo(token, appkey) : null,
		expiresAt: expiresAt === null ? null : koreanTime(expiresAt),
		tokenFingerprint: token?.fingerprint.slice(0, FINGERPRINT_DIGITS) ?? null,
	};
}

/** ISO 8601 to the second, with Korea's offset (it has no daylight saving time). */
function koreanTime(milliseconds: number): string {
	return `${new Date(milliseconds + KOREAN_OFFSET_MS).toISOString().slice(0, 19)}+09:00`;
}
