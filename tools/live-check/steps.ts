import { randomBytes } from 'node:crypto';

import { makeApp, type App } from '../sandbox/apps';
import type { Probe } from './keptConnection';

/** Longer than a second after an answer, paper's limit cannot count the probe before. */
export const SILENCE_MS = 1_500;
/** KIS issues once a minute (EGW00133), and rapid issues are what a token was once seen to die of. */
export const OVER_A_MINUTE_MS = 61_000;
const BURST_LENGTH = 3;

/** What probes are made of: given from the start, or by KIS's answers. */
export interface Held {
	readonly keys: App;
	readonly other?: App;
	readonly expiredToken?: string;
	readonly token?: string;
	readonly otherToken?: string;
	readonly newToken?: string;
}

/** What a step needs, and may not have. */
export type Need = Exclude<keyof Held, 'keys'>;

/** Why a step cannot be taken. */
export const WITHOUT = {
	other: 'set KIS_OTHER_APPKEY and KIS_OTHER_APPSECRET to the keys of a second paper app',
	expiredToken:
		'set KIS_EXPIRED_TOKEN to a token of this app key that one of your programs was given more than 24 hours ago',
	token: 'tokenP gave no token',
	otherToken: 'tokenP gave no token for the other app key',
	newToken: 'tokenP gave no token after the revoke',
} as const satisfies Record<Need, string>;

/** Probes that are sent together. */
export interface Step {
	/** Or what they cannot be made without. */
	readonly probes: (held: Held) => readonly Probe[] | Need;
	/** One after the other on one connection, or concurrently, each on its own. */
	readonly way: 'inARow' | 'atOnce';
	/** Milliseconds without a probe before it. */
	readonly silenceMs: number;
	/** KIS's codes after which its one probe is sent again, and after how many milliseconds; {@link BROKEN} too. */
	readonly againAfter: Readonly<Record<string, number>>;
	/** What the token in the answer is from then on. */
	readonly gives?: 'token' | 'otherToken' | 'newToken';
}

/** A kept connection ended without an answer: the server had just closed it, which says nothing about the question. */
export const BROKEN = 'broken';
/** Another program used the app key in that second. */
const COUNT_FULL = { EGW00201: SILENCE_MS };
const PATIENCE = { ...COUNT_FULL, [BROKEN]: SILENCE_MS };
/** Even without an answer it may have been an issue. */
const ISSUED = { ...COUNT_FULL, EGW00133: OVER_A_MINUTE_MS, [BROKEN]: OVER_A_MINUTE_MS };
const giving = (gives: Step['gives']) => ({ againAfter: ISSUED, gives });
/** Asks about the refusal that others wait out. */
const BURST = { againAfter: {} };
const BURST_AT_ONCE = { ...BURST, way: 'atOnce' } as const;
const A_MINUTE_LATER = { silenceMs: OVER_A_MINUTE_MS };

type With<Name extends Need> = Held & { readonly [Key in Name]-?: NonNullable<Held[Key]> };

function step<Name extends Need>(
	needs: readonly Name[],
	probes: (held: With<Name>) => Probe | Probe[],
	rest: Partial<Step> = {},
): Step {
	return {
		probes: (held) =>
			needs.find((name) => held[name] === undefined) ?? [probes(held as With<Name>)].flat(),
		way: 'inARow',
		silenceMs: SILENCE_MS,
		againAfter: PATIENCE,
		...rest,
	};
}

const ISSUE_PATH = '/oauth2/tokenP';
const HEADERS = { accept: 'application/json', 'accept-encoding': 'identity' };

function post(path: string, json: object): Probe {
	const headers = { ...HEADERS, 'content-type': 'application/json; charset=UTF-8' };
	return { method: 'POST', path, headers, body: JSON.stringify(json) };
}

function issue(app: App): Probe {
	return post(ISSUE_PATH, { grant_type: 'client_credentials', ...app });
}

function revoke(app: App, token: string): Probe {
	return post('/oauth2/revokeP', { ...app, token });
}

/** The price of a share: the harmless call that tells whether a token works. */
function quote(app: App, token: string): Probe {
	return {
		method: 'GET',
		path: '/uapi/domestic-stock/v1/quotations/inquire-price',
		query: '?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=005930',
		headers: { ...HEADERS, ...app, authorization: `Bearer ${token}`, tr_id: 'FHKST01010100' },
	};
}

const burstOf = (probe: Probe) => Array<Probe>(BURST_LENGTH).fill(probe);

/** Never was a token, and does not look like one. */
const garbage = randomBytes(32).toString('hex');
/** Has the form of KIS's keys, and nobody has it. */
const nobody = makeApp();

/** All steps, in order: those that need the token alive come before its revoke. */
export const STEPS = {
	issue: step([], ({ keys }) => issue(keys), { ...giving('token'), silenceMs: 0 }),
	garbage: step(['token'], ({ keys }) => revoke(keys, garbage)),
	nobodyGarbage: step(['token'], () => revoke(nobody, garbage)),
	nobodyToken: step(['token'], ({ token }) => revoke(nobody, token)),
	issueOther: step(['token', 'other'], ({ other }) => issue(other), giving('otherToken')),
	foreign: step(['token', 'other', 'otherToken'], ({ keys, otherToken }) =>
		revoke(keys, otherToken),
	),
	quoteOther: step(['token', 'other', 'otherToken'], ({ other, otherToken }) =>
		quote(other, otherToken),
	),
	expired: step(['token', 'expiredToken'], ({ keys, expiredToken }) => revoke(keys, expiredToken)),
	quotes: step(['token'], ({ keys, token }) => burstOf(quote(keys, token)), BURST),
	revokes: step(['token'], ({ keys }) => burstOf(revoke(keys, garbage)), BURST),
	revokesAtOnce: step(['token'], ({ keys }) => burstOf(revoke(keys, garbage)), BURST_AT_ONCE),
	quoteBehindRevoke: step(
		['token'],
		({ keys, token }) => [revoke(keys, garbage), quote(keys, token)],
		BURST,
	),
	// Long enough for the next issue, and to see how long KIS keeps an idle connection.
	quoteBefore: step(['token'], ({ keys, token }) => quote(keys, token), A_MINUTE_LATER),
	// Not again without an answer: the second answer would be about a token that may be revoked already.
	revokeLive: step(['token'], ({ keys, token }) => revoke(keys, token), { againAfter: COUNT_FULL }),
	quoteAfter: step(['token'], ({ keys, token }) => quote(keys, token)),
	revokeAgain: step(['token'], ({ keys, token }) => revoke(keys, token)),
	issueAfter: step(['token'], ({ keys }) => issue(keys), giving('newToken')),
	quoteNew: step(['newToken'], ({ keys, newToken }) => quote(keys, newToken)),
} as const satisfies Record<string, Step>;

export type StepName = keyof typeof STEPS;
/** In the order in which they are taken. */
export const STEP_NAMES = Object.keys(STEPS) as StepName[];

/** What the check will send, and the milliseconds that takes if KIS answers immediately and nothing is asked twice. */
export function costOf(given: Held): { requests: number; issues: number; ms: number } {
	const held = { ...given, token: '', otherToken: '', newToken: '' };
	const planned = STEP_NAMES.flatMap((name) => {
		const { probes, silenceMs }: Step = STEPS[name];
		const made = probes(held);
		return typeof made === 'string' ? [] : [{ made, silenceMs }];
	});
	const requests = planned.flatMap(({ made }) => made);
	return {
		requests: requests.length,
		issues: requests.filter(({ path }) => path === ISSUE_PATH).length,
		ms: planned.reduce((sum, { silenceMs }) => sum + silenceMs, 0),
	};
}
