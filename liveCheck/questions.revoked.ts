import type { Evidence } from './evidence';
import {
	asWorking,
	isAlive,
	ofAnswer,
	reactionOf,
	works,
	type Question,
	type Reading,
} from './finding';

/** The revoke of a live token was confirmed: what comes after it is about a revoked one. */
function isRevoked(evidence: Evidence): boolean {
	const revoke = evidence.answer('revokeLive');
	if (works(evidence.answer('quoteBefore')) === false || typeof revoke === 'string') return false;
	return revoke.verdict === 'success';
}

const NOT_REVOKED = 'says nothing, for the revoke of a live token was not confirmed';

const confirmationStatus: Reading = ofAnswer('revokeLive', (answer, says) => {
	const agrees = answer.verdict === 'success' && answer.status === 200;
	return { says, agrees, ...(!agrees && { noSwitch: `revoking a live token: ${says}` }) };
});

const confirmationCode: Reading = ofAnswer('revokeLive', (answer, says, evidence) => {
	if (answer.verdict !== 'success') return { says };
	const code = answer.fields?.code;
	const types: Record<string, string> = { number: 'number', string: 'text', undefined: 'absent' };
	const value = types[typeof code] ?? typeof code;
	return {
		says: code === undefined ? value : `${value}: ${evidence.show(JSON.stringify(code))}`,
		value,
	};
});

const revokedAgain: Reading = ofAnswer('revokeAgain', (answer, says, evidence) =>
	isRevoked(evidence) ? { says, value: reactionOf(answer) } : { says: `${says}: ${NOT_REVOKED}` },
);

const issuedAfter: Reading = (evidence) => {
	const [first] = evidence.answers('issueAfter');
	const isEarly = first?.code === 'EGW00133';
	const note = isEarly && {
		noSwitch:
			'tokenP refuses right after revokeP (EGW00133), more than a minute after the last issue',
	};
	const finding = ofAnswer('issueAfter', (_answer, says, { held }) => {
		if (!isRevoked(evidence)) return { says: `${says}: ${NOT_REVOKED}` };
		if (held.newToken === undefined) return { says };
		const value = held.newToken === held.token ? 'sameToken' : 'newToken';
		return { says: `${says}, ${value === 'newToken' ? 'a new token' : 'the same token'}`, value };
	})(evidence);
	const says = isEarly ? `EGW00133; a minute later: ${finding.says}` : finding.says;
	return { ...finding, says, ...note };
};

const newTokenWorks: Reading = ofAnswer('quoteNew', (answer, says, evidence) => {
	const isWorking = works(answer);
	const isNew = evidence.held.newToken !== evidence.held.token;
	const isOddity = isRevoked(evidence) && isWorking === !isNew;
	const oddity = isNew ? 'the new token does not work' : 'tokenP brings the revoked token to life';
	return {
		says: `${says}: ${asWorking(answer)}`,
		...(isWorking !== undefined && { agrees: isWorking }),
		...(isOddity && { noSwitch: oddity }),
	};
});

/** About a live token, its revoke, and what comes after it. */
export const revokedQuestions: readonly Question[] = [
	{
		question: 'does the token work before its revoke?',
		assumed: 'it works',
		read: isAlive(
			'quoteBefore',
			true,
			'the token that tokenP gave does not work, before its revoke',
		),
	},
	{ question: 'revoke a live token', assumed: 'HTTP 200', read: confirmationStatus },
	{ question: 'how `code` of that is written', about: 'successCode', read: confirmationCode },
	{
		question: 'does the token work after its revoke?',
		assumed: 'it does not work',
		read: (evidence) =>
			isRevoked(evidence)
				? isAlive('quoteAfter', false, 'a revoked token still works a moment later')(evidence)
				: { says: NOT_REVOKED },
	},
	{ question: 'revoke it again', about: 'revokedToken', read: revokedAgain },
	{ question: 'tokenP right after the revoke', about: 'issueAfterRevoke', read: issuedAfter },
	{ question: 'does the token that it gave work?', assumed: 'it works', read: newTokenWorks },
];
