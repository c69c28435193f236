// Concurrent executions in one process, against a server that limits each app key and counts by its own clock.
import { setTimeout as delay } from 'node:timers/promises';

import { RateLimiter } from '../../kis/rateLimit/rateLimiter';
import { fingerprint, makeApp, type App } from '../../tools/sandbox/apps';
import { leftSince, resources } from '../support/resources';
import {
	abandoned,
	outcomes,
	revoke,
	tokenItems,
	useSandbox,
	type Setup,
} from '../support/workflow';

/** Requests per second. */
const RATE = 40;
/** Per execution, while answers are quick. */
const MAX_CONNECTIONS = 16;
const [shared, ...others] = Array.from({ length: 41 }, makeApp);

let onCall: () => void;
const sandbox = useSandbox(() => ({
	apps: [shared, ...others],
	requestsPerSecond: RATE,
	faultFor: () => void onCall(),
}));
beforeEach(() => {
	onCall = () => {};
});
afterEach(() => jest.restoreAllMocks());

/** An execution that revokes `count` new tokens of an app. */
class Execution {
	readonly tokens: readonly string[];
	readonly outcomes: Promise<string[]>;

	constructor(count: number, app: App, setup: Partial<Setup> = {}) {
		this.tokens = Array.from({ length: count }, () => sandbox().kis.mint(app.appkey).value);
		this.outcomes = revoke(sandbox(), {
			input: tokenItems(...this.tokens),
			credential: { ...app },
			...setup,
			options: { requestsPerSecond: RATE, includeDetails: true, ...setup.options },
		}).then(({ items }) => outcomes(items));
	}

	/** Says for each call that the server saw, in order, whether it is this execution's. */
	calls(): boolean[] {
		const own = new Set<string | null>(this.tokens.map(fingerprint));
		return sandbox().calls.map(({ tokenFingerprint }) => own.has(tokenFingerprint));
	}
}

const refused = () => sandbox().calls.filter(({ result }) => result !== '200');

test('two executions on one app key share its limit, and neither waits for the other to end', async () => {
	const [one, other] = [new Execution(60, shared), new Execution(60, shared)];
	expect(await one.outcomes).toEqual(Array(60).fill('revoked'));
	expect(await other.outcomes).toEqual(Array(60).fill('revoked'));
	expect(refused()).toEqual([]);

	// From the moment when all connections are made until one execution has nothing left to send.
	const calls = one.calls();
	const end = Math.min(calls.lastIndexOf(true), calls.lastIndexOf(false));
	const turns = calls
		.slice(RATE, end)
		.map(String)
		.join()
		.match(/true(,true)*|false(,false)*/g);
	const longest = Math.max(...(turns ?? []).map((turn) => turn.split(',').length));
	// Both have as many connections; on a busy computer one may come twice before the other.
	expect(longest).toBeLessThanOrEqual(2 * MAX_CONNECTIONS);
});

test('a stopped execution sends nothing more, and the other is not affected', async () => {
	const stop = new AbortController();
	onCall = () => sandbox().calls.length === 30 && stop.abort();
	const stopped = new Execution(60, shared, { stop: stop.signal });
	const other = new Execution(60, shared);
	const said = await stopped.outcomes;
	expect(await other.outcomes).toEqual(Array(60).fill('revoked'));
	expect(refused()).toEqual([]);

	const called = new Set(sandbox().calls.map(({ tokenFingerprint }) => tokenFingerprint));
	const unsent = stopped.tokens.filter((_token, i) => said[i] === 'notSent');
	expect(unsent.length).toBeGreaterThanOrEqual(60 - 30 - MAX_CONNECTIONS);
	expect(unsent.filter((token) => called.has(fingerprint(token)))).toEqual([]);
});

test('a stopped execution gives back its share, and the other goes on at its own rate', async () => {
	const joined = jest.spyOn(RateLimiter.prototype, 'join');
	sandbox().faults.push({ kind: 'delay', delayMs: 60_000 });
	const stop = new AbortController();
	// Takes the only request allowed in ten seconds, on an app key that was not used before.
	const options = { requestsPerSecond: 0.1 };
	const slow = new Execution(3, others[0], { options, stop: stop.signal });
	while (sandbox().calls.length === 0) await delay(5);
	const other = new Execution(RATE, others[0]);
	while (joined.mock.calls.length < 2) await delay(5);
	stop.abort();
	expect(await slow.outcomes).toEqual(['unknown', 'notSent', 'notSent']);
	expect(await other.outcomes).toEqual(Array(RATE).fill('revoked'));
	expect(slow.calls().filter((isOwn) => isOwn)).toHaveLength(1);
});

test('a hundred concurrent executions on several app keys all succeed and leave nothing behind', async () => {
	const before = resources();
	const executions = Array.from(
		{ length: 100 },
		(_, i) => new Execution(2, i < 60 ? shared : others[i - 60]),
	);
	for (const one of executions) expect(await one.outcomes).toEqual(['revoked', 'revoked']);
	expect(refused()).toEqual([]);
	await abandoned(sandbox());
	expect(await leftSince(before)).toEqual([]);
});
