import type { Heard } from './heard';
import type { Outcome, TokenFacts } from './outcomes';
import type { Act } from './acts';

/**
 * How sure a fact is: H by KIS's official texts or two independent observations, M by one observation, L by inference;
 * ? where nobody knows.
 */
type Grade = 'H' | 'M' | 'L' | '?';

interface Promised {
	readonly outcome: Outcome;
	readonly because: string;
	/** Of KIS, and of what stands before it. If one is wrong, the statement can be. */
	readonly facts: ReadonlyArray<readonly [Grade, string]>;
}

const CLAIMS = ['H', 'a token names its app key in `jti`, and ends in an HS512 signature'] as const;

/** What each statement rests on. */
export const PROMISES = {
	confirmed: {
		outcome: 'revoked',
		because: 'KIS confirmed it',
		facts: [
			['H', 'a success is HTTP 200 with `code` 200'],
			['L', 'what KIS confirms, it has done, if the token is whole and of this app key'],
			['?', 'the same, if the token names nobody'],
		],
	},
	invalidNow: {
		outcome: 'revoked',
		because: 'KIS called it invalid after an attempt without a verdict',
		facts: [
			['M', 'EGW00121 is what revokeP says of an invalid token; EGW00122 and EGW00123: L'],
			CLAIMS,
		],
	},
	invalidAsked: {
		outcome: 'revoked',
		because: 'asked for a quote, KIS called it invalid, after an attempt without a verdict',
		facts: [['H', 'EGW00121 is what a quote says of a token that is not valid'], CLAIMS],
	},
	invalid: {
		outcome: 'alreadyInvalid',
		because: 'KIS called a whole token of this app key invalid',
		facts: [
			['M', 'EGW00121 is what revokeP says of an invalid token; EGW00122 and EGW00123: L'],
			CLAIMS,
		],
	},
	invalidAgain: {
		outcome: 'alreadyInvalid',
		because:
			'KIS called it invalid, and this host had earlier confirmed its revoke to this credential',
		facts: [['L', 'a host that confirmed a revoke does not forget it']],
	},
	listedCode: {
		outcome: 'rejected',
		because: "a code of KIS's list",
		facts: [
			['H', 'EGW00201 means not processed'],
			['L', 'so do the other refusal codes, on any HTTP status'],
		],
	},
	tooMany: {
		outcome: 'rejected',
		because: 'HTTP 429',
		facts: [['L', 'a server that answers 429 (KIS or a relay) has not processed the request']],
	},
	clientError: {
		outcome: 'rejected',
		because: 'one of eleven HTTP 4xx, with a JSON object',
		facts: [
			['L', 'a server that answers so (KIS or a relay) has not processed the request'],
			['?', 'whether a filter on the way back turns a success into such an answer'],
		],
	},
	codeInBody: {
		outcome: 'rejected',
		because: 'one of these as `code` on HTTP 200',
		facts: [
			['H', '`code` is the HTTP status'],
			['L', 'a server that answers so has not processed the request'],
		],
	},
	stillAccepted: {
		outcome: 'unknown',
		because: 'no readable verdict, but KIS gave a quote at the moment named',
		facts: [['L', 'KIS gives a quote only while the token is alive']],
	},
	noVerdict: { outcome: 'unknown', because: 'no readable verdict', facts: [] },
	strangerConfirmed: {
		outcome: 'unknown',
		because: "a success for a token that is another app key's, cut off or none",
		facts: [['?', 'whether KIS says 200 to tokens that it does not know (RFC 7009 allows it)']],
	},
	neverWritten: { outcome: 'notSent', because: 'no request was written', facts: [] },
} as const satisfies Record<string, Promised>;

export type Foundation = keyof typeof PROMISES;

/** What a statement rests on; `null` for one that another node of the execution has made before. */
export function foundationOf(
	outcome: string,
	facts: TokenFacts,
	heard: readonly Heard[],
	act: Act,
): Foundation | null {
	if (outcome === 'notSent') return 'neverWritten';
	if (!act.isUsable) return null;
	const isConfirmed = heard.some(({ means }) => means === 'confirmed');
	switch (outcome) {
		case 'revoked':
			return isConfirmed ? 'confirmed' : 'invalidNow';
		case 'alreadyInvalid':
			return facts.isOurs ? 'invalid' : 'invalidAgain';
		case 'rejected':
			return heard.findLast(({ rule }) => rule !== null)?.rule ?? null;
		default:
			return isConfirmed ? 'strangerConfirmed' : 'noVerdict';
	}
}

/** Lists every promise, how often it was made, and the facts that it rests on. */
export function tellFoundations(made: readonly Foundation[]): string[] {
	const names = Object.keys(PROMISES) as Foundation[];
	return names.flatMap((name) => {
		const { outcome, because, facts }: Promised = PROMISES[name];
		const count = made.filter((one) => one === name).length;
		return [
			`${String(count).padStart(6)} ${outcome}: ${because}`,
			...facts.map(([grade, fact]) => `         ${grade}  ${fact}`),
		];
	});
}
