import { parseAccessToken } from '../../kis/input/accessToken';
import { InvalidInput } from '../../kis/input/invalidInput';
import type { Evidence, LiveAnswer, Reaction } from './evidence';
import {
	asAssumed,
	ofAnswer,
	type AnswerReader,
	type FactFinding,
	type Question,
	type SwitchFinding,
} from './questions';

/** Of a success, by KIS's page; in the order of the alphabet. */
const ISSUED_FIELDS = 'access_token, access_token_token_expired, expires_in, token_type';
/** Revokes that some KIS refuses because of the token. */
const REFUSED_REVOKES = ['garbage', 'foreign', 'expired', 'revokeAgain'] as const;
/** Whether the token of a quote works. */
const WORKS: Partial<Record<Reaction, boolean>> = { success: true, badToken: false };
/** What an answer is about, where both key and token are wrong: a success came before the key was looked at. */
const ABOUT: Partial<Record<Reaction, string>> = {
	badKey: 'key',
	badToken: 'token',
	success: 'token',
};

const issued = ofAnswer('issue', ({ fields }, says, evidence) => {
	if (evidence.held.token === undefined) return { says };
	const names = Object.keys(fields ?? {}).sort();
	const shown = names.map((name) => evidence.show(name)).join(', ');
	return asAssumed(shown, names.join(', ') === ISSUED_FIELDS, `tokenP answers with ${shown}`);
});

const ownJwt = ofAnswer('issue', (_answer, says, { held }) => {
	if (held.token === undefined) return { says };
	const token = parseAccessToken(held.token);
	const claims = token instanceof InvalidInput ? null : token.claims;
	const agrees = claims?.signature === 'whole' && claims.appkey === held.keys.appkey;
	const oddity = 'the token is no whole JWT (HS512) whose jti is the app key';
	return asAssumed(agrees ? 'yes' : 'no', agrees, oddity);
});

/** What became of the token in a revoke, as the sandbox's switches write it: `success` or KIS's code. */
function fateOf({ reaction, code }: LiveAnswer): string {
	return reaction === 'success' ? 'success' : (code ?? 'a refusal without a code');
}

const fate: AnswerReader<SwitchFinding> = (answer, says) => ({ says, value: fateOf(answer) });

/** Something that all refused revokes have in common, or not. */
function ofRefusedRevokes(property: string, pick: (answer: LiveAnswer) => string | number) {
	return (evidence: Evidence): SwitchFinding => {
		const refused = REFUSED_REVOKES.flatMap((step) =>
			evidence
				.answers(step)
				.filter(({ reaction }) => reaction === 'badToken')
				.map((answer) => ({ step, value: pick(answer) })),
		);
		const [value, ...others] = new Set(refused.map((it) => it.value));
		if (value === undefined) return { says: 'no revoke was refused because of its token' };
		if (others.length === 0) return { says: String(value), value };
		const says = refused.map((it) => `${it.step}: ${it.value}`).join(', ');
		return { says, value, noSwitch: `the ${property} of a refusal depends on the token (${says})` };
	};
}

const refusalStatus = ofRefusedRevokes('status', ({ status }) => status);
const refusalShape = ofRefusedRevokes('shape', ({ fields }) => {
	if (fields && 'error_code' in fields) return 'oauth2';
	return fields && 'msg_cd' in fields ? 'uapi' : 'neither';
});

/** Which of the two, a wrong key pair and a wrong token, was answered. */
function answeredFirst(answer: LiveAnswer): string {
	return ABOUT[answer.reaction] ?? fateOf(answer);
}

const nobodyGarbage = ofAnswer('nobodyGarbage', (answer, says) => {
	const value = answeredFirst(answer);
	return { says: `${value}: ${says}`, value };
});

const nobodyToken = ofAnswer('nobodyToken', (answer, says, evidence): FactFinding => {
	const first = answeredFirst(answer);
	const garbage = evidence.answer('nobodyGarbage');
	const isOddity = typeof garbage !== 'string' && answeredFirst(garbage) !== first;
	const told = `${first}: ${says}`;
	const noSwitch = isOddity ? `an unknown app key with a good token: ${told}` : undefined;
	return { says: told, agrees: first === 'key', noSwitch };
});

const confirmationStatus = ofAnswer('revokeLive', ({ reaction, status }, says) =>
	asAssumed(says, reaction === 'success' && status === 200, `revoking a live token: ${says}`),
);

const confirmationCode = ofAnswer('revokeLive', (answer, says, evidence): SwitchFinding => {
	if (answer.reaction !== 'success') return { says };
	const code = answer.fields?.code;
	if (code === undefined) return { says: 'absent', value: 'absent' };
	const value = typeof code === 'string' ? 'text' : typeof code;
	return { says: `${value}: ${evidence.show(JSON.stringify(code))}`, value };
});

function asWorking({ reaction }: LiveAnswer): string {
	const works = WORKS[reaction];
	return works === undefined ? 'cannot be told' : works ? 'it works' : 'it does not work';
}

/** Of a quote. */
function alive(expected: boolean, oddity: string): AnswerReader<FactFinding> {
	return (answer, says) => {
		const works = WORKS[answer.reaction];
		const agrees = works === undefined ? undefined : works === expected;
		return asAssumed(`${says}: ${asWorking(answer)}`, agrees, oddity);
	};
}

/** The revoke of a live token was confirmed: what comes after it is about a revoked one. */
function isRevoked(evidence: Evidence): boolean {
	const wasDead = evidence.reaction('quoteBefore') === 'badToken';
	return !wasDead && evidence.reaction('revokeLive') === 'success';
}

function onceRevoked<Found>(read: AnswerReader<Found>): AnswerReader<Found | { says: string }> {
	return (answer, says, evidence) =>
		isRevoked(evidence)
			? read(answer, says, evidence)
			: { says: `${says}: says nothing, for the revoke of a live token was not confirmed` };
}

const foreignAlive = ofAnswer(
	'quoteOther',
	alive(true, 'a foreign token does not work after that (before it, it was not asked)'),
);
const aliveBefore = ofAnswer('quoteBefore', alive(true, 'tokenP gave a token that does not work'));
const deadAfter = ofAnswer(
	'quoteAfter',
	onceRevoked(alive(false, 'a revoked token still works a moment later')),
);
const revokedAgain = ofAnswer('revokeAgain', onceRevoked(fate));

const issuedAgain = onceRevoked((_answer, says, { held }): SwitchFinding => {
	if (held.newToken === undefined) return { says };
	return held.newToken === held.token
		? { says: `${says}, the same token`, value: 'sameToken' }
		: { says: `${says}, a new token`, value: 'newToken' };
});

function issuedAfter(evidence: Evidence): SwitchFinding {
	const finding = ofAnswer('issueAfter', issuedAgain)(evidence);
	const [first] = evidence.answers('issueAfter');
	if (first?.code !== 'EGW00133') return finding;
	const says = `EGW00133; a minute later: ${finding.says}`;
	const oddity =
		'tokenP refuses right after revokeP (EGW00133), over a minute after the last issue';
	return { ...finding, says, noSwitch: oddity };
}

const newTokenWorks = ofAnswer('quoteNew', (answer, says, evidence): FactFinding => {
	const works = WORKS[answer.reaction];
	const isNew = evidence.held.newToken !== evidence.held.token;
	const isOddity = isRevoked(evidence) && works === !isNew;
	const oddity = isNew ? 'the new token does not work' : 'tokenP brings the revoked token to life';
	const noSwitch = isOddity ? oddity : undefined;
	return { says: `${says}: ${asWorking(answer)}`, agrees: works, noSwitch };
});

/** About tokens: issued; revoked without being a live one of the app key; revoked; after that. */
export const tokenQuestions: readonly Question[] = [
	{ question: 'tokenP: the fields of its answer', assumed: 'the four of its page', read: issued },
	{ question: 'is the token a whole JWT whose jti is the app key?', assumed: 'yes', read: ownJwt },
	{ question: 'revoke garbage', about: 'unknownToken', read: ofAnswer('garbage', fate) },
	{ question: 'revoke a foreign token', about: 'foreignToken', read: ofAnswer('foreign', fate) },
	{ question: 'does the foreign token work after that?', assumed: 'it works', read: foreignAlive },
	{ question: 'revoke an expired token', about: 'expiredToken', read: ofAnswer('expired', fate) },
	{
		question: 'HTTP status of a refused revoke',
		about: 'revokeRefusalStatus',
		read: refusalStatus,
	},
	{ question: 'shape of a refused revoke', about: 'revokeRefusalShape', read: refusalShape },
	{
		question: 'revoke garbage with an unknown app key',
		about: 'checkedFirst',
		read: nobodyGarbage,
	},
	{ question: 'revoke a good token with an unknown app key', assumed: 'key', read: nobodyToken },
	{ question: 'does the token work before its revoke?', assumed: 'it works', read: aliveBefore },
	{ question: 'revoke a live token', assumed: 'HTTP 200', read: confirmationStatus },
	{ question: 'how `code` of that is written', about: 'successCode', read: confirmationCode },
	{ question: 'does the token work after its revoke?', assumed: 'it does not', read: deadAfter },
	{ question: 'revoke it again', about: 'revokedToken', read: revokedAgain },
	{ question: 'tokenP right after the revoke', about: 'issueAfterRevoke', read: issuedAfter },
	{ question: 'does the token that it gave work?', assumed: 'it works', read: newTokenWorks },
];
