import type { AccessToken } from '../accessToken';
import { readAttempt, type Attempt } from '../attempt';
import type { Exchange } from '../http/exchange';
import { isNumber, isText, type KisReply } from '../reply';
import type { SecretGuard } from '../secretGuard';

/** 접근토큰폐기. The path is case-sensitive. */
export const REVOKE_PATH = '/oauth2/revokeP';

/** What KIS's page asks for: the bare token, and neither header nor grant type. */
export function revokeBody(appkey: string, appsecret: string, token: AccessToken): object {
	return { appkey, appsecret, token: token.value };
}

/** What an exchange means for the token. */
export function readRevocation(exchange: Exchange, guard: SecretGuard): Attempt {
	return readAttempt(exchange, isConfirmation, guard);
}

/** KIS answers `{"code":200,"message":"…"}`, the code as a number; by its page it is a text, and both are optional. */
function isConfirmation({ fields }: KisReply): boolean {
	return isLeftOut(fields.code)
		? isText(fields.message) || isNumber(fields.rt_cd, 0)
		: isNumber(fields.code, 200);
}

function isLeftOut(code: unknown): boolean {
	return code === undefined || code === null || code === '';
}
