import { randomBytes } from 'node:crypto';

import { makeApp, type App } from '../sandbox/apps';
import { issue, ISSUE_PATH, quote, revoke, type KisRequest } from './requests';

/** Longer than a second after an answer, paper's limit cannot count the request before. */
export const SILENCE_MS = 1_500;
/** KIS issues once a minute (EGW00133). */
export const MINUTE_MS = 61_000;
const BURST = 3;

/** What requests are made of: given from the start, or by KIS's answers. */
export interface Held {
	readonly keys: App;
	readonly other?: App;
	readonly expiredToken?: string;
	readonly token?: string;
	readonly otherToken?: string;
	readonly newToken?: string;
}

/** Why a step cannot be taken. */
export const WITHOUT = {
	keys: 'there are no keys',
	other: 'set KIS_OTHER_APPKEY and KIS_OTHER_APPSECRET to the keys of a second paper app',
	expiredToken:
		'set KIS_EXPIRED_TOKEN to a token of this app key that one of your programs was given more than 24 hours ago',
	token: 'tokenP gave no token',
	otherToken: 'tokenP gave no token for the other app key',
	newToken: 'tokenP gave no token after the revoke',
} as const satisfies Record<keyof Held, string>;

export interface Step {
	/** Requests; or what they cannot be made without. */
	readonly requests: (held: Held) => readonly KisRequest[] | keyof Held;
	/** Where there are more: one after the other on one connection, or all at once, each on its own. */
	readonly way: 'oneConnection' | 'atOnce';
	/** Milliseconds without a request before it. */
	readonly silenceMs: number;
	/** KIS's codes after which it is asked once more, and after how many milliseconds; {@link BROKEN} too. */
	readonly againAfter: Readonly<Record<string, number>>;
	/** What the token in the answer is from then on. */
	readonly gives?: 'token' | 'otherToken' | 'newToken';
}

/** A kept connection ended without an answer: the server had just closed it, which says nothing about the question. */
export const BROKEN = 'broken';
/** Another program used the app key in that second. */
const COUNT_FULL = { EGW00201: SILENCE_MS };
const PATIENCE = { ...COUNT_FULL, [BROKEN]: SILENCE_MS };
const TOO_EARLY = { ...PATIENCE, EGW00133: MINUTE_MS };

type With<Need extends keyof Held> = Held & {
	readonly [Name in Need]-?: NonNullable<Held[Name]>;
};

function step<Need extends keyof Held>(
	needs: readonly Need[],
	requests: (held: With<Need>) => KisRequest | KisRequest[],
	rest: Partial<Step> = {},
): Step {
	return {
		requests: (held) =>
			needs.find((name) => held[name] === undefined) ?? [requests(held as With<Need>)].flat(),
		way: 'oneConnection',
		silenceMs: SILENCE_MS,
		againAfter: PATIENCE,
		...rest,
	};
}

/** What a burst asks about is the refusal that others wait out. */
function burst(
	requests: (held: With<'keys' | 'token'>) => KisRequest[],
	rest: Partial<Step> = {},
): Step {
	return step(['keys', 'token'], requests, { againAfter: {}, ...rest });
}

const times = (request: KisRequest) => Array<KisRequest>(BURST).fill(request);

/** Never was a token, and does not look like one. */
const garbage = randomBytes(32).toString('hex');
/** Has the form of KIS's keys, and nobody has it. */
const nobody = makeApp();

/** What is asked, in this order: whatever needs the token alive comes before its revoke. */
export const STEPS = {
	issue: step(['keys'], ({ keys }) => issue(keys), {
		silenceMs: 0,
		againAfter: TOO_EARLY,
		gives: 'token',
	}),
	issueAtOnce: step(['keys', 'token'], ({ keys }) => issue(keys)),
	garbage: step(['keys', 'token'], ({ keys }) => revoke(keys, garbage)),
	nobodyGarbage: step(['token'], () => revoke(nobody, garbage)),
	nobodyToken: step(['token'], ({ token }) => revoke(nobody, token)),
	issueOther: step(['token', 'other'], ({ other }) => issue(other), {
		againAfter: TOO_EARLY,
		gives: 'otherToken',
	}),
	foreign: step(['keys', 'token', 'other', 'otherToken'], ({ keys, otherToken }) =>
		revoke(keys, otherToken),
	),
	quoteOther: step(['token', 'other', 'otherToken'], ({ other, otherToken }) =>
		quote(other, otherToken),
	),
	expired: step(['keys', 'token', 'expiredToken'], ({ keys, expiredToken }) =>
		revoke(keys, expiredToken),
	),
	quotes: burst(({ keys, token }) => times(quote(keys, token))),
	revokes: burst(({ keys }) => times(revoke(keys, garbage))),
	revokesAtOnce: burst(({ keys }) => times(revoke(keys, garbage)), { way: 'atOnce' }),
	quoteBehindRevoke: burst(({ keys, token }) => [revoke(keys, garbage), quote(keys, token)]),
	// A minute of rest: long enough for the next issue, and to see how long KIS keeps an idle connection.
	quoteBefore: step(['keys', 'token'], ({ keys, token }) => quote(keys, token), {
		silenceMs: MINUTE_MS,
	}),
	// Not again without an answer: the second answer would be about a token that may be revoked already.
	revokeLive: step(['keys', 'token'], ({ keys, token }) => revoke(keys, token), {
		againAfter: COUNT_FULL,
	}),
	quoteAfter: step(['keys', 'token'], ({ keys, token }) => quote(keys, token)),
	revokeAgain: step(['keys', 'token'], ({ keys, token }) => revoke(keys, token)),
	issueAfter: step(['keys', 'token'], ({ keys }) => issue(keys), {
		againAfter: TOO_EARLY,
		gives: 'newToken',
	}),
	quoteNew: step(['keys', 'newToken'], ({ keys, newToken }) => quote(keys, newToken)),
} as const satisfies Record<string, Step>;

export type StepName = keyof typeof STEPS;
/** In the order in which they are taken. */
export const STEP_NAMES = Object.keys(STEPS) as StepName[];

/** What the check will send, and the milliseconds that takes if KIS answers at once and nothing is asked twice. */
export function costOf(given: Held): { requests: number; issues: number; ms: number } {
	const held = { ...given, token: '', otherToken: '', newToken: '' };
	const planned = STEP_NAMES.flatMap((name) => {
		const { requests, silenceMs }: Step = STEPS[name];
		const made = requests(held);
		return typeof made === 'string' ? [] : [{ made, silenceMs }];
	});
	const requests = planned.flatMap(({ made }) => made);
	return {
		requests: requests.length,
		issues: requests.filter(({ path }) => path === ISSUE_PATH).length,
		ms: planned.reduce((sum, { silenceMs }) => sum + silenceMs, 0),
	};
}
