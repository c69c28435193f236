import type { ICredentialTestFunction, ICredentialTestFunctions } from 'n8n-workflow';

import { readAttempt } from '../../../kis/attempt';
import { endpointOf } from '../../../kis/baseUrl';
import { parseCredential, type KisCredential } from '../../../kis/credential';
import { OPEN_ANSWERS } from '../../../kis/httpAnswers';
import { isText, readReply } from '../../../kis/reply';
import { SecretGuard } from '../../../kis/secretGuard';
import { Unusable } from '../../../kis/unusable';
import { adviceOnAnswer, adviceOnFields } from './advice';
import { ask } from './ask';

/** 웹소켓 접속키 발급. It proves the key pair and, unlike the issue of a token, stops nothing and notifies nobody. */
const APPROVAL_PATH = '/oauth2/Approval';

/** Tests a KIS API credential for n8n's dialog. What it says repeats neither key. */
export const kisApiTest: ICredentialTestFunction = async function ({ data = {} }) {
	const credential = parseCredential(data);
	const wrong =
		credential instanceof Unusable
			? adviceOnFields(credential, data)
			: await tryKeyPair(this.helpers, credential);
	return wrong === null
		? { status: 'OK', message: 'KIS accepts the key pair.' }
		: { status: 'Error', message: wrong };
};

/** What is wrong; `null` if KIS gave a WebSocket key. */
async function tryKeyPair(
	helpers: ICredentialTestFunctions['helpers'],
	credential: KisCredential,
): Promise<string | null> {
	const { appkey, appsecret, baseUrl } = credential;
	const exchange = await ask(helpers, endpointOf(baseUrl, APPROVAL_PATH), {
		grant_type: 'client_credentials',
		appkey,
		// This endpoint calls the app secret so.
		secretkey: appsecret,
	});
	const answered = exchange.ended === 'answered' ? readReply(exchange) : null;
	const key = answered?.fields.approval_key;
	const given = isText(key) ? key : '';
	const guard = new SecretGuard([appkey, appsecret]).and(given);
	const attempt = readAttempt(exchange, () => (given ? null : OPEN_ANSWERS.withoutKey), guard);
	return attempt.verdict === 'confirmed' ? null : adviceOnAnswer(attempt, credential);
}
