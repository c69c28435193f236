// What n8n does around the node: Retry On Fail, Stop, concurrent executions, its log.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject, IExecuteFunctions, Logger } from 'n8n-workflow';

import { until } from '../../tools/common/until';
import { LOG_FILE } from '../../tools/engine/run';
import { RateLimiter } from '../../kis/rateLimit/rateLimiter';
import type { Revocation } from '../../kis/revoke/revocation';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { progressLog } from '../../nodes/KisToken/operations/revoke/progress';
import { fingerprint, makeApp } from '../../tools/sandbox/apps';
import type { Fault } from '../../tools/sandbox/faults';
import type { Sandbox } from '../../tools/sandbox/server';
import { startServer } from '../support/scriptedServer';
import { outcomes, revoke, tokenItems, useSandbox } from '../support/workflow';

const sandbox = useSandbox();

const mint = ({ kis, apps }: Sandbox) => kis.mint(apps[0].appkey).value;
/** Retries once, and asks KIS no question afterwards. */
const onlySent = { maxRetries: 0, askBeforeUnknown: false };

afterEach(() => jest.restoreAllMocks());

/** Watches for the first answer that the client reads: it then tells the limiter what the answer says of the pace. */
function watchAnswers(): () => Promise<void> {
	const told = jest.spyOn(RateLimiter.prototype, 'pause');
	return async () => {
		while (told.mock.calls.length === 0) await delay(5);
	};
}

describe('an engine without a database, which gives no execution an id', () => {
	const lost = { kind: 'reset', processed: true } as const;

	test('an execution knows nothing of what another one sent', async () => {
		sandbox().faults.push(lost);
		const setup = {
			input: tokenItems(mint(sandbox())),
			executionId: '',
			options: { ...onlySent, includeDetails: true },
			onError: 'continueRegularOutput',
		} as const;
		expect(outcomes((await revoke(sandbox(), setup)).items)).toEqual(['unknown']);
		expect(outcomes((await revoke(sandbox(), setup)).items)).toEqual(['alreadyInvalid']);
	});

	test('a second try knows what the first one sent', async () => {
		sandbox().faults.push(lost);
		const run = await revoke(sandbox(), {
			input: tokenItems(mint(sandbox())),
			executionId: '',
			options: { ...onlySent, includeDetails: true },
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
		});
		expect(outcomes(run.items)).toEqual(['revoked']);
	});
});

describe('Retry On Fail', () => {
	const retryOnFail = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };

	test.each(['succeed', 'fail'])(
		'repeats the node, and what it has revoked stays a success (%s)',
		async (alreadyInvalid) => {
			const body = '{"code":200,"message":"done"}';
			sandbox().faults.push({ kind: 'raw', body }, { kind: 'refuse', code: 'EGW00101' });
			const run = await revoke(sandbox(), {
				input: tokenItems('opaque-token-of-a-relay', mint(sandbox())),
				options: { alreadyInvalid, maxRetries: 0 },
				node: retryOnFail,
			});
			expect(run.error).toBeUndefined();
			const code = '200';
			expect(run.items.map(({ json }) => json)).toMatchObject(
				Array<object>(2).fill({ code, outcome: 'revoked' }),
			);
		},
	);

	test('remembers an attempt that was never settled', async () => {
		sandbox().faults.push({ kind: 'reset', processed: true });
		const run = await revoke(sandbox(), {
			input: tokenItems(mint(sandbox())),
			options: { alreadyInvalid: 'fail', maxRetries: 0, includeDetails: true },
			node: retryOnFail,
		});
		expect(outcomes(run.items)).toEqual(['revoked']);
	});

	test.each<[string, Fault[]]>([
		['a refusal', [{ kind: 'refuse', code: 'EGW00101' }]],
		['a lost answer', [{ kind: 'html' }]],
	])(
		'what the first try confirmed stays revoked, whatever the second try meets: %s',
		async (_name, faults) => {
			const confirmed = { kind: 'raw', body: '{"code":200,"message":"done"}' } as const;
			// The second token makes the first try fail.
			sandbox().faults.push(confirmed, { kind: 'refuse', code: 'EGW00101' }, ...faults);
			const run = await revoke(sandbox(), {
				input: tokenItems('opaque-token-of-a-relay', 'another-token-of-a-relay'),
				options: { alreadyInvalid: 'fail', maxRetries: 0, includeDetails: true },
				node: retryOnFail,
				onError: 'continueRegularOutput',
			});
			expect(outcomes(run.items)[0]).toBe('revoked');
			expect(run.items[0].json).toMatchObject({ code: '200', message: 'done' });
		},
	);

	test('what the first try wrote counts as sent, even if the second reaches nobody', async () => {
		const credential = { baseUrl: sandbox().url };
		const input = tokenItems(mint(sandbox()));
		const once = { input, credential, executionId: 'one', options: { maxRetries: 0 } };
		sandbox().faults.push({ kind: 'refuse', code: 'EGW00206' });
		await revoke(sandbox(), once);
		await sandbox().stop();
		const run = await revoke(sandbox(), { ...once, onError: 'continueRegularOutput' });
		expect(run.items[0].json.error).toMatchObject({
			outcome: 'rejected',
			code: 'EGW00206',
			message: expect.stringContaining('in an earlier try of this execution'),
			description: expect.stringContaining('try again'),
		});
	});

	test('executions with the same token each keep their own memory of it', async () => {
		const lost = { kind: 'reset' } as const;
		const credential = { baseUrl: sandbox().url };
		const input = tokenItems(mint(sandbox()));
		const setup = { input, credential, options: onlySent };
		sandbox().faults.push(lost, lost);
		await revoke(sandbox(), { ...setup, executionId: 'first' });
		await revoke(sandbox(), { ...setup, executionId: 'second' });
		await sandbox().stop();
		for (const executionId of ['first', 'second']) {
			const onError = 'continueRegularOutput';
			const run = await revoke(sandbox(), { ...setup, executionId, onError });
			expect(outcomes(run.items)).toEqual(['unknown']);
		}
	});

	test('what one node learns with its credential does not explain an answer to another credential', async () => {
		// The token belongs to the second credential. With the first, KIS rightly calls it invalid.
		const [{ appkey }] = sandbox().apps;
		sandbox().faults.push(
			{ kind: 'refuse', code: 'EGW00121' },
			{ kind: 'refuse', code: 'EGW00101' },
		);
		const token = sandbox().kis.mint(appkey).value;
		const setup = { input: tokenItems(token), executionId: 'both', options: { maxRetries: 0 } };
		const onError = 'continueRegularOutput';
		const first = await revoke(sandbox(), { ...setup, credential: { ...makeApp() }, onError });
		expect(outcomes(first.items)).toEqual(['rejected']);
		const second = await revoke(sandbox(), { ...setup, onError });
		expect(outcomes(second.items)).toEqual(['rejected']);
		expect(sandbox().kis.isLive(token)).toBe(true);
	});

	test('invalid settings in the second try do not make a token of the first unsent', async () => {
		sandbox().faults.push({ kind: 'reset', processed: true });
		const input = tokenItems(mint(sandbox()));
		const once = { input, executionId: 'twice', onError: 'continueRegularOutput' } as const;
		await revoke(sandbox(), { ...once, options: onlySent });
		const run = await revoke(sandbox(), { ...once, options: { timeout: 'none' } });
		expect(sandbox().calls).toHaveLength(1);
		expect(run.items[0].json.error).toMatchObject({
			outcome: 'unknown',
			message: expect.stringContaining('Timeout (Ms) has to be a number'),
			description: expect.stringContaining('This execution has sent the token before.'),
		});
	});

	test('with a credential that is invalid since, no token that was sent counts as dead or unsent', async () => {
		const [sent, revoked, never] = [1, 2, 3].map(() => mint(sandbox()));
		const executionId = 'two nodes';
		const options = onlySent;
		const onError = 'continueRegularOutput';
		const first = { executionId, options, onError } as const;
		await revoke(sandbox(), { ...first, input: tokenItems(revoked) });
		sandbox().faults.push({ kind: 'reset', processed: true });
		await revoke(sandbox(), { ...first, input: tokenItems(sent) });
		const calls = sandbox().calls.length;

		const run = await revoke(sandbox(), {
			...first,
			input: tokenItems(sent, revoked, never),
			credential: { baseUrl: 'http://relay.example' },
		});
		expect(run.items.map(({ json }) => (json.error as IDataObject)?.outcome ?? json)).toEqual([
			'unknown',
			'unknown',
			'notSent',
		]);
		expect(sandbox().calls).toHaveLength(calls);
	});

	test('another execution finds that the token was invalid already', async () => {
		const token = mint(sandbox());
		await revoke(sandbox(), { input: tokenItems(token) });
		const options = { alreadyInvalid: 'fail' };
		const run = await revoke(sandbox(), { input: tokenItems(token), options });
		expect(run.error?.message).toContain('The token was invalid already');
		expect(run.error?.description).toContain('Nothing is left to do');
		expect(run.error?.description).not.toContain('may still be live');
	});
});

describe('Stop', () => {
	const slow = { kind: 'delay', delayMs: 60_000 } as const;

	async function stopAfter(calls: number, setup: Partial<Parameters<typeof revoke>[1]>) {
		const stop = new AbortController();
		const running = revoke(sandbox(), { input: [], stop: stop.signal, ...setup });
		while (sandbox().calls.length < calls) await delay(5);
		stop.abort();
		return await running;
	}

	test('ends a request immediately, and each token has the outcome that is known', async () => {
		sandbox().faults.push(slow);
		const tokens = [mint(sandbox()), mint(sandbox())];
		const run = await stopAfter(1, { input: tokenItems(...tokens) });
		expect(run.stored.status).toBe('canceled');
		expect(outcomes(run.items)).toEqual(['unknown', 'notSent']);
		expect(sandbox().calls).toHaveLength(1);
	});

	test('ends a wait between attempts', async () => {
		sandbox().faults.push({ kind: 'refuse', code: 'EGW00201' });
		const stop = new AbortController();
		const setup = { input: tokenItems(mint(sandbox())), stop: stop.signal };
		const answerIsRead = watchAnswers();
		const running = revoke(sandbox(), setup);
		await answerIsRead();
		// The wait after this code is longer than a second.
		stop.abort();
		const run = await running;
		expect(sandbox().calls).toHaveLength(1);
		expect(outcomes(run.items)).toEqual(['rejected']);
	});

	test('ends a wait for the limit, in the middle of a batch', async () => {
		const tokens = Array.from({ length: 10 }, () => mint(sandbox()));
		const options = { requestsPerSecond: 0.1, includeDetails: true };
		const stop = new AbortController();
		const answerIsRead = watchAnswers();
		const running = revoke(sandbox(), { input: tokenItems(...tokens), options, stop: stop.signal });
		await answerIsRead();
		// The next token may be sent only after ten seconds.
		stop.abort();
		const run = await running;
		expect(outcomes(run.items)).toEqual(['revoked', ...Array(9).fill('notSent')]);
	});

	describe('while the tokens are read', () => {
		const { execute } = KisToken.prototype;

		/** Presses Stop when the node first yields to the event loop in its last try. */
		async function stopWhileReading(tries: number, setup: Parameters<typeof revoke>[1]) {
			const stop = new AbortController();
			jest.spyOn(KisToken.prototype, 'execute').mockImplementation(async function (
				this: IExecuteFunctions,
			) {
				if (--tries === 0) setImmediate(() => stop.abort());
				// As slow as on a server: 500 items take far longer than the node goes without yielding.
				const read = this.getNodeParameter.bind(this) as (...args: unknown[]) => unknown;
				const readSlowly = (...args: unknown[]) => {
					for (const since = performance.now(); performance.now() - since < 1; );
					return read(...args);
				};
				this.getNodeParameter = readSlowly as IExecuteFunctions['getNodeParameter'];
				return await execute.call(this);
			});
			return await revoke(sandbox(), { ...setup, stop: stop.signal });
		}

		test('ends that immediately, and nothing is sent', async () => {
			const input = tokenItems(...Array.from({ length: 500 }, () => mint(sandbox())));
			const run = await stopWhileReading(1, { input, options: { includeDetails: true } });
			expect(outcomes(run.items)).toEqual(Array(500).fill('notSent'));
			const details = run.items.map(({ json }) => (json.error as IDataObject).details);
			expect(details.at(-1)).toMatchObject({ tokenFingerprint: null });
			expect(sandbox().calls).toEqual([]);
		});

		test('in a second try: what the first has sent does not count as unsent', async () => {
			sandbox().faults.push({ kind: 'reset' });
			const run = await stopWhileReading(2, {
				input: tokenItems(...Array<string>(500).fill(mint(sandbox()))),
				options: { maxRetries: 0 },
				node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
			});
			expect(outcomes(run.items)).toEqual(Array(500).fill('unknown'));
		});
	});

	test('ends connecting: nothing is sent', async () => {
		const server = await startServer();
		const stop = new AbortController();
		const running = revoke(sandbox(), {
			input: tokenItems(mint(sandbox()), mint(sandbox())),
			// Accepts the connection, and never answers the TLS handshake.
			credential: { baseUrl: server.url.replace('http', 'https') },
			stop: stop.signal,
		});
		await server.reached(1);
		stop.abort();
		expect(outcomes((await running).items)).toEqual(['notSent', 'notSent']);
		expect(server.connections).toBe(1);
		await server.abandoned();
		await server.close();
	});

	test('writes one line of counts to the log, which a run that ends by itself does not', async () => {
		await revoke(sandbox(), { input: tokenItems(...[1, 2, 3].map(() => mint(sandbox()))) });
		sandbox().faults.push(slow);
		await stopAfter(3 + 1, { input: tokenItems(mint(sandbox()), mint(sandbox()), 'two words') });
		await expect(inLog(/KIS Token: stopped\. 1 unknown, 2 notSent/)).resolves.toBe(true);
		expect(readFileSync(LOG_FILE, 'utf8')).not.toContain('KIS Token: stopped. 3 revoked');
	});
});

/** Waits until n8n has written its log. */
async function inLog(line: RegExp): Promise<boolean> {
	return await until(() => line.test(readFileSync(LOG_FILE, 'utf8')), { looks: 100, everyMs: 20 });
}

test('a long batch logs its progress, at most every ten seconds', async () => {
	// The clock goes on by a second each time it is read.
	let seconds = 0;
	const clock = jest
		.spyOn(Date, 'now')
		.mockImplementation(() => Date.UTC(2026, 0) + 1000 * seconds++);
	try {
		const tokens = Array.from({ length: 60 }, () => mint(sandbox()));
		await revoke(sandbox(), { input: tokenItems(...tokens) });
	} finally {
		clock.mockRestore();
	}
	await expect(inLog(/KIS Token: \d+ of 60 tokens done\. \d+ revoked/)).resolves.toBe(true);
	const lines = readFileSync(LOG_FILE, 'utf8').match(/of 60 tokens done/g) ?? [];
	expect(lines.length).toBeLessThanOrEqual(seconds / 10);
});

test('the progress is logged every ten seconds, with all that is done by then', () => {
	let now = 0;
	const clock = jest.spyOn(Date, 'now').mockImplementation(() => now);
	const lines: string[] = [];
	const log = progressLog({ info: (line: string) => lines.push(line) } as unknown as Logger);
	for (now of [0, 9999, 10_000, 10_001, 19_999, 20_000]) {
		log?.({ outcome: 'revoked' } as Revocation, 300);
	}
	clock.mockRestore();
	expect(lines).toEqual([
		'KIS Token: 3 of 300 tokens done. 3 revoked',
		'KIS Token: 6 of 300 tokens done. 6 revoked',
	]);
});

test('concurrent executions share one limit per app key, and the lowest applies', async () => {
	const tokens = (count: number) => Array.from({ length: count }, () => mint(sandbox()));
	const run = async (requestsPerSecond: number, ...input: string[]) =>
		await revoke(sandbox(), { input: tokenItems(...input), options: { requestsPerSecond } });
	const ofSlow = tokens(5);
	const slow = run(3, ...ofSlow);
	while (sandbox().calls.length === 0) await delay(5);
	await Promise.all([slow, run(1000, ...tokens(5))]);
	const { calls } = sandbox();
	expect(calls).toHaveLength(10);
	// The slow execution is still there at its last call. After that, only the limiter knows its limit.
	const slowCalls = new Set<string | null>(ofSlow.map(fingerprint));
	const last = calls.findLastIndex(({ tokenFingerprint }) => slowCalls.has(tokenFingerprint));
	const shared = calls.slice(0, last + 1).map(({ at }) => at);
	expect(shared.every((at, i) => i < 3 || at - shared[i - 3] >= 1000)).toBe(true);
});
