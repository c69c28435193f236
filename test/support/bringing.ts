// What the tests of bringing a token share: a KIS that is not the sandbox, a clock that they set, and waits that pass on it.
import type { AccessToken } from '../../kis/input/accessToken';
import type { KisCredential } from '../../kis/input/credential';
import type { Issuance } from '../../kis/issue/issuance';
import { checkToken } from '../../kis/keptToken/checkToken';
import { bringToken, type BringOptions } from '../../kis/keptToken/bringToken';
import { whileRevoking } from '../../kis/memory/sharedMarks';
import type { RevokeOutcome } from '../../kis/reply/revokeOutcome';
import { makeAttempt } from './attempts';
import { KisDouble } from './kisDouble';
import { closeServers, http } from './scriptedServer';
import { credentialFor, read } from './tokens';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

const ANSWERED = makeAttempt('confirmed', { httpStatus: 200, code: '200' });

/** This computer's clock, in milliseconds since 1970. Waits pass on it immediately. */
export const clock = { now: Date.now() };
/** The waits so far, in milliseconds. */
export const waits: number[] = [];
/** What happens during each wait. */
export const meanwhile: { does: () => Promise<unknown> } = { does: async () => {} };
jest.mock('../../kis/waiting', () => {
	const actual = jest.requireActual<typeof import('../../kis/waiting')>('../../kis/waiting');
	return {
		...actual,
		async wait(milliseconds: number, stop: AbortSignal) {
			waits.push(milliseconds);
			await meanwhile.does();
			// A timer may fire a little early.
			const over = clock.now + milliseconds - 1;
			const isOver = await actual.wait(5, stop);
			clock.now = Math.max(clock.now, over);
			return isOver;
		},
	};
});

export let kis: KisDouble;
beforeEach(async () => {
	clock.now = Date.now();
	waits.length = 0;
	meanwhile.does = async () => {};
	jest.spyOn(Date, 'now').mockImplementation(() => clock.now);
	kis = await new KisDouble().start();
});
afterEach(async () => {
	jest.restoreAllMocks();
	await closeServers();
});

export const credential = (changes: Partial<KisCredential> = {}) => ({
	...credentialFor(kis.keys, kis.url),
	...changes,
});
export const bring = async (options: Partial<BringOptions> = {}, from = credential()) =>
	await bringToken(from, { mayWait: false, cancel: new AbortController().signal, ...options });
/** The token that a request gets, or why it gets none. */
export const brought = async (options: Partial<BringOptions> = {}, from = credential()) => {
	const token = await bring(options, from);
	return 'because' in token ? token.because : token.value;
};
/** The same for a read, which may wait. */
export const broughtToRead = async () => await brought({ mayWait: true });
export const check = async (token: AccessToken, requestsPerSecond = 1000) =>
	await checkToken(credential(), token, {
		requestsPerSecond,
		timeoutMs: 1000,
		cancel: new AbortController().signal,
	});
/**
 * Makes KIS, whose clock is ahead by `aheadMs`, give next a token that it issued `ageMs` ago.
 *
 * @returns The token.
 */
export function giveNext(ageMs: number, aheadMs: number, lifeMs = 24 * HOUR): string {
	const now = Math.floor((clock.now + aheadMs) / 1000) * 1000;
	const token = kis.mint({ iat: (now - ageMs) / 1000, exp: (now - ageMs + lifeMs) / 1000 });
	const headers = { date: new Date(now).toUTCString() };
	kis.orders.tokenP = [http(200, JSON.stringify({ access_token: token }), headers)];
	return token;
}

/** The issuance by which KIS gives this token. */
export const issuedAs = (token: string): Issuance => ({
	outcome: 'issued',
	grant: { token: read(token), expiresAt: null, fields: {}, isOver: false, clockAheadMs: 0 },
	attempts: [ANSWERED],
});
export const issues = () => kis.seen('tokenP').length;
export const questions = () => kis.seen('quote').length;
/** The results of a revoke, in the form in which `revokeTokens` returns them. */
export const endedAs = (outcome: RevokeOutcome, ...tokens: string[]) =>
	new Map(tokens.map((token) => [read(token).fingerprint, { outcome }]));
export const revokeAs = async (outcome: RevokeOutcome, ...tokens: string[]) =>
	await whileRevoking(tokens.map(read), credential(), async () => endedAs(outcome, ...tokens));
