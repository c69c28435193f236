import type { Answer } from './answer';
import { distinct, isAlive, ofAnswer, reactionOf, type Question, type Reading } from './finding';
import type { StepName } from './steps';

/** Revokes that some KIS refuses because of the token. */
const REFUSED_REVOKES = ['garbage', 'foreign', 'expired', 'revokeAgain'] as const;

/** What a revoke makes of a token. */
function reaction(step: StepName): Reading {
	return ofAnswer(step, (answer, says) => ({ says, value: reactionOf(answer) }));
}

/** Something that all refused revokes have in common, or not. */
function ofRefusedRevokes(property: string, pick: (answer: Answer) => unknown): Reading {
	return (evidence) => {
		const refused = REFUSED_REVOKES.flatMap((step) =>
			evidence
				.answers(step)
				.filter(({ verdict }) => verdict === 'badToken')
				.map((answer) => ({ step, value: pick(answer) })),
		);
		const values = distinct(refused.map(({ value }) => value));
		if (values.length === 0) return { says: 'no revoke was refused because of its token' };
		if (values.length === 1) return { says: String(values[0]), value: values[0] };
		const says = refused.map(({ step, value }) => `${step}: ${String(value)}`).join(', ');
		return { says, value: values[0], noSwitch: `the ${property} depends on the token (${says})` };
	};
}

function shapeOf({ fields }: Answer): string {
	if (fields && 'error_code' in fields) return 'oauth2';
	return fields && 'msg_cd' in fields ? 'uapi' : 'neither';
}

/** Which of the two, a wrong key pair and a wrong token, a refusal is about. */
function refusedFirst(answer: Answer): string {
	return { badKey: 'key', badToken: 'token' }[answer.verdict as string] ?? reactionOf(answer);
}

const nobodyWithToken: Reading = ofAnswer('nobodyToken', (answer, says, evidence) => {
	const first = refusedFirst(answer);
	const garbage = evidence.answer('nobodyGarbage');
	const isOddity = typeof garbage !== 'string' && refusedFirst(garbage) !== first;
	return {
		says: `${first}: ${says}`,
		agrees: first === 'key',
		...(isOddity && { noSwitch: `an unknown app key with a good token: ${first} (${says})` }),
	};
});

/** About revokes of what is no live token of the app key. */
export const refusedQuestions: readonly Question[] = [
	{ question: 'revoke garbage', about: 'unknownToken', read: reaction('garbage') },
	{ question: 'revoke a foreign token', about: 'foreignToken', read: reaction('foreign') },
	{
		question: 'does the foreign token work after that?',
		assumed: 'it works',
		read: isAlive(
			'quoteOther',
			true,
			'a foreign token does not work after another app key revoked it',
		),
	},
	{ question: 'revoke an expired token', about: 'expiredToken', read: reaction('expired') },
	{
		question: 'HTTP status of a refused revoke',
		about: 'revokeRefusalStatus',
		read: ofRefusedRevokes('status of a refused revoke', ({ status }) => status),
	},
	{
		question: 'shape of a refused revoke',
		about: 'revokeRefusalShape',
		read: ofRefusedRevokes('shape of a refused revoke', shapeOf),
	},
	{
		question: 'revoke garbage with an unknown app key: which is refused?',
		about: 'checkedFirst',
		read: ofAnswer('nobodyGarbage', (answer, says) => {
			const value = refusedFirst(answer);
			return { says: `${value}: ${says}`, value };
		}),
	},
	{
		question: 'revoke a good token with an unknown app key',
		assumed: 'key',
		read: nobodyWithToken,
	},
];
