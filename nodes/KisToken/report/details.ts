import type { IDataObject } from 'n8n-workflow';

import { isIssuedTo, type AccessToken } from '../../../kis/accessToken';
import type { KisCredential } from '../../../kis/credential';
import type { Revocation } from '../../../kis/revokeTokens';

const KOREAN_OFFSET_MS = 9 * 60 * 60 * 1000;
const FINGERPRINT_DIGITS = 12;

/** What the option Include Details adds: `null` where something is not known. */
export function detailsOf(
	token: AccessToken,
	{ outcome, attempts }: Revocation,
	httpStatus: number | null,
	{ appkey, environment }: KisCredential,
): IDataObject {
	const expiresAt = token.claims?.expiresAt ?? null;
	return {
		outcome,
		attempts: attempts.length,
		httpStatus,
		environment,
		issuedToThisAppKey: isIssuedTo(token, appkey),
		expiresAt: expiresAt === null ? null : koreanTime(expiresAt),
		tokenFingerprint: token.fingerprint.slice(0, FINGERPRINT_DIGITS),
	};
}

/** ISO 8601 to the second, with Korea's offset (it has no daylight saving time). */
function koreanTime(milliseconds: number): string {
	return `${new Date(milliseconds + KOREAN_OFFSET_MS).toISOString().slice(0, 19)}+09:00`;
}
