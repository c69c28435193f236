import { isIssuedTo, parseAccessToken } from '../kis/accessToken';
import { Unusable } from '../kis/unusable';
import { ofAnswer, type Question, type Reading } from './finding';

/** Of a success, by KIS's page; in the order of the alphabet. */
const ISSUED_FIELDS = 'access_token, access_token_token_expired, expires_in, token_type';

const issued: Reading = ofAnswer('issue', (answer, says, evidence) => {
	const names = Object.keys(answer.fields ?? {}).sort();
	if (evidence.held.token === undefined) return { says };
	const shown = names.map((name) => evidence.show(name)).join(', ');
	const agrees = names.join(', ') === ISSUED_FIELDS;
	return { says: shown, agrees, ...(!agrees && { noSwitch: `tokenP answers with ${shown}` }) };
});

const namesItsOwner: Reading = ofAnswer('issue', (_answer, says, { held }) => {
	if (held.token === undefined) return { says };
	const token = parseAccessToken(held.token);
	const agrees =
		!(token instanceof Unusable) &&
		isIssuedTo(token, held.keys.appkey) === true &&
		token.claims?.complete === true;
	const noSwitch = 'the token is no whole JWT (HS512) whose jti is the app key';
	return { says: agrees ? 'yes' : 'no', agrees, ...(!agrees && { noSwitch }) };
});

const issuedAtOnce: Reading = ofAnswer('issueAtOnce', ({ fields }, says, { held }) => {
	const agrees = fields?.access_token === held.token;
	const shown = `${says}, ${agrees ? 'the same token' : 'not the same token'}`;
	return { says: shown, agrees, ...(!agrees && { noSwitch: `tokenP again at once: ${shown}` }) };
});

/** About issuing a token. */
export const issueQuestions: readonly Question[] = [
	{ question: 'tokenP: the fields of its answer', assumed: 'the four of its page', read: issued },
	{
		question: 'is the token a whole JWT whose jti is the app key?',
		assumed: 'yes',
		read: namesItsOwner,
	},
	{ question: 'tokenP again at once', assumed: 'the same token', read: issuedAtOnce },
];
