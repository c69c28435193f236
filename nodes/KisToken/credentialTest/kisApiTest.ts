import type { ICredentialTestFunction, ICredentialTestFunctions } from 'n8n-workflow';

import { refusalOfConnection } from '../../../credentials/refusalOfConnection';
import { endpointOf } from '../../../kis/input/baseUrl';
import { parseCredential, type KisCredential } from '../../../kis/input/credential';
import { InvalidInput } from '../../../kis/input/invalidInput';
import { probe } from '../../../kis/redis/sharedStore';
import { readAttempt } from '../../../kis/reply/attempt';
import { sentences } from '../../../kis/reply/explanation';
import { OPEN_ANSWERS } from '../../../kis/reply/httpAnswers';
import { isText, parseExchange } from '../../../kis/reply/reply';
import { SecretGuard } from '../../../kis/secrets/secretGuard';
import { adviceOnAnswer, adviceOnFields, adviceOnRedis } from './advice';
import { ask } from './ask';

/** 웹소켓 접속키 발급. Proves the key pair and, unlike issuing a token, stops nothing and notifies nobody. */
const APPROVAL_PATH = '/oauth2/Approval';

const ACCEPTED = 'KIS accepts the key pair.';

/** Tests a KIS API credential for n8n's dialog. The message contains neither key. */
export const kisApiTest: ICredentialTestFunction = async function ({ data = {} }) {
	const credential = parseCredential(data);
	if (credential instanceof InvalidInput) {
		return { status: 'Error', message: adviceOnFields(credential) };
	}
	const wrong = await tryAll(this.helpers, credential);
	if (wrong !== null) return { status: 'Error', message: wrong };
	// n8n shows words of its own instead.
	return { status: 'OK', message: ACCEPTED };
};

/** Returns what is wrong; `null` if the key pair, and Redis if there is one, can be used. */
async function tryAll(
	helpers: ICredentialTestFunctions['helpers'],
	credential: KisCredential,
): Promise<string | null> {
	const { redis } = credential;
	const [wrong, trouble] = await Promise.all([
		tryKeyPair(helpers, credential),
		redis && probe(redis),
	]);
	if (!redis || !trouble) return wrong;
	return sentences(wrong ?? ACCEPTED, adviceOnRedis(redis, trouble));
}

/** Returns what is wrong; `null` if KIS gave a WebSocket key. */
async function tryKeyPair(
	helpers: ICredentialTestFunctions['helpers'],
	credential: KisCredential,
): Promise<string | null> {
	const { appkey, appsecret, baseUrl } = credential;
	const refusal = await refusalOfConnection(baseUrl);
	if (refusal) return adviceOnFields(refusal);
	const exchange = await ask(helpers, endpointOf(baseUrl, APPROVAL_PATH), {
		grant_type: 'client_credentials',
		appkey,
		// This endpoint's name for the app secret.
		secretkey: appsecret,
	});
	const parsed = parseExchange(exchange);
	const key = parsed.reply?.fields.approval_key;
	const given = isText(key) ? key : '';
	const guard = new SecretGuard([appkey, appsecret]).and(given);
	const attempt = readAttempt(parsed, () => (given ? null : OPEN_ANSWERS.withoutKey), guard);
	return attempt.verdict === 'confirmed' ? null : adviceOnAnswer(attempt, credential);
}
