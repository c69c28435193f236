// What the live check makes of a KIS: the sandbox in every way it can be switched, and servers that are none.
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';

import { checkLive, type LiveCheckOptions } from '../../../tools/live-check/liveCheck';
import { makeLiveReport } from '../../../tools/live-check/report';
import { OVER_A_MINUTE_MS } from '../../../tools/live-check/steps';
import { makeApp } from '../../../tools/sandbox/apps';
import { Sandbox, type SandboxOptions } from '../../../tools/sandbox/server';
import { setSwitches, SWITCHES } from '../../../tools/sandbox/switches';
import { property } from '../../support/properties';
import {
	closeServers,
	http,
	refusal,
	reset,
	silence,
	startServer,
	type Answer,
	type SeenRequest,
} from '../../support/scriptedServer';
import { found } from '../../support/secrets';

const [keys, other] = [makeApp(), makeApp()];
/** Each takes a whole check. */
const COMBINATIONS = 60;
const DAY_MS = 24 * 60 * 60 * 1000;
/** As many runs as the longest list of values: run k sets each switch to its k-th value, from the start again after its last. */
const RUNS = Array.from(
	{ length: Math.max(...Object.values(SWITCHES).map(({ length }) => length)) },
	(_, run) =>
		Object.fromEntries(
			Object.entries(SWITCHES).map(([name, values]) => [name, values[run % values.length]]),
		),
);

afterEach(async () => {
	await Promise.all(sandboxes.splice(0).map(async (sandbox) => await sandbox.stop()));
	await closeServers();
});
const sandboxes: Sandbox[] = [];

/** A paper KIS whose clocks go on only while the check waits. */
async function startPaper(options: SandboxOptions = {}) {
	const clock = { ms: Date.now(), elapsed: 0 };
	const sandbox = await new Sandbox({
		environment: 'paper',
		apps: [keys, other],
		now: () => clock.ms,
		elapsed: () => clock.elapsed,
		...options,
	}).start();
	sandboxes.push(sandbox);
	const pause = async (ms: number) => {
		clock.ms += ms;
		clock.elapsed += ms;
	};
	return { sandbox, clock, pause, options: { baseUrl: new URL(sandbox.url), keys, pause } };
}
type Paper = Awaited<ReturnType<typeof startPaper>>;

async function check(options: LiveCheckOptions) {
	const said: string[] = [];
	const observed = await checkLive({ print: (text) => said.push(text), ...options });
	const report = makeLiveReport(observed);
	const { keys, other, ...tokens } = observed.held;
	const secrets = [keys, other ?? {}, tokens].flatMap((holder) => Object.values(holder));
	return { ...report, secrets, said: said.join('') + report.text };
}

/** The line of the table that begins with a question: its mark and KIS's answer. */
function row(text: string, question: string): [mark: string, answer: string] {
	const line = text.split('\n').find((it) => it.slice(4).startsWith(question)) ?? '';
	return [line[0], line.split(' | ').slice(3).join(' | ')];
}
const marks = (text: string): string[] => text.match(/^[≠?](?= \| )/gm) ?? [];

async function checkAll({ sandbox, pause, options }: Paper) {
	const expiredToken = sandbox.kis.mint(keys.appkey).value;
	await pause(DAY_MS + 1);
	return await check({ ...options, other, expiredToken });
}

describe('each switch of the sandbox is found out, whatever its value', () => {
	test.each(RUNS.map((switches, run) => [run, switches] as const))(
		'run %i',
		async (run, switches) => {
			const paper = await startPaper();
			setSwitches(paper.sandbox.kis.switches, switches);
			const report = await checkAll(paper);
			expect(report.switches).toEqual(switches);
			expect(report.text).toContain(JSON.stringify(report.switches));
			expect(report.text).not.toContain('No switch for this');
			expect(marks(report.text).includes('≠')).toBe(run > 0);
			expect(marks(report.text)).not.toContain('?');
			expect(report.secrets).toHaveLength(8);
			expect(found(report.said, report.secrets)).toBeUndefined();
		},
	);

	/** Drops the refusal's status and shape: a run in which no revoke is refused cannot observe them. */
	function observable({
		revokeRefusalStatus,
		revokeRefusalShape,
		...others
	}: Record<string, unknown>) {
		const { unknownToken, foreignToken, expiredToken, revokedToken } = others;
		const fates = [unknownToken, foreignToken, expiredToken, revokedToken];
		return fates.every((fate) => fate === 'success')
			? others
			: { revokeRefusalStatus, revokeRefusalShape, ...others };
	}

	const anyValues = Object.fromEntries(
		Object.entries(SWITCHES).map(([name, values]) => [name, fc.constantFrom<unknown>(...values)]),
	);
	property(
		'in any combination',
		[fc.record(anyValues)],
		async (switches) => {
			const paper = await startPaper();
			setSwitches(paper.sandbox.kis.switches, switches);
			expect((await checkAll(paper)).switches).toEqual(observable(switches));
			await paper.sandbox.stop();
		},
		COMBINATIONS,
	);

	test('but not how a refusal looks where nothing is refused', async () => {
		const paper = await startPaper();
		const fates = ['unknownToken', 'foreignToken', 'expiredToken', 'revokedToken'];
		const switches = Object.fromEntries(fates.map((name) => [name, 'success']));
		setSwitches(paper.sandbox.kis.switches, switches);
		const { text, switches: found } = await checkAll(paper);
		expect(found).toEqual(observable({ ...paper.sandbox.kis.switches }));
		expect(found).not.toHaveProperty('revokeRefusalStatus');
		expect(row(text, 'shape of a refused revoke')[0]).toBe('?');
	});

	test('the runs have had every value', () => {
		const tried = (name: string) => new Set(RUNS.map((switches) => switches[name]));
		for (const [name, values] of Object.entries(SWITCHES)) {
			expect([...tried(name)].sort()).toEqual([...values].sort());
		}
	});
});

test('the switches can be posted to a sandbox as they are printed', async () => {
	const { sandbox, options } = await startPaper();
	const { text } = await check(options);
	const [body] = text.match(/^\{.*\}$/m) ?? [];
	const response = await fetch(`${sandbox.url}/sandbox/switches`, { method: 'POST', body });
	expect(response.status).toBe(200);
});

test('stays below one request a second but where it asks about that, and leaves the newest token alive', async () => {
	const paper = await startPaper();
	setSwitches(paper.sandbox.kis.switches, { issueAfterRevoke: 'newToken' });
	const { text } = await checkAll(paper);
	const { calls } = paper.sandbox;
	const refused = calls.filter(({ result }) => result === 'EGW00201');
	expect(refused).toHaveLength(7);
	expect(calls.length).toBeLessThan(30);
	const { issued } = await issueTo(paper);
	expect(paper.sandbox.kis.isLive(issued)).toBe(true);
	expect(text).toContain('The newest token is left alive');
});

async function issueTo({ sandbox, pause }: Paper) {
	await pause(OVER_A_MINUTE_MS);
	const response = await fetch(`${sandbox.url}/oauth2/tokenP`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ grant_type: 'client_credentials', ...keys }),
	});
	return { issued: String(((await response.json()) as Record<string, unknown>).access_token) };
}

test('without a second app and an expired token it says how to find that out', async () => {
	const { options } = await startPaper();
	const { text, switches } = await check(options);
	expect(switches).not.toHaveProperty('foreignToken');
	expect(switches).not.toHaveProperty('expiredToken');
	expect(row(text, 'revoke a foreign token')).toEqual(['?', expect.stringContaining('KIS_OTHER_')]);
	expect(row(text, 'revoke an expired')).toEqual([
		'?',
		expect.stringContaining('KIS_EXPIRED_TOKEN'),
	]);
});

test('says so where KIS hands out a dead token', async () => {
	const paper = await startPaper();
	setSwitches(paper.sandbox.kis.switches, { issueAfterRevoke: 'sameToken' });
	const first = await check(paper.options);
	expect(first.text).toContain('No token of this app key is known to work now');
	await paper.pause(OVER_A_MINUTE_MS);
	const second = await check(paper.options);
	expect(row(second.text, 'does the token work before')[0]).toBe('≠');
	for (const name of ['revokedToken', 'issueAfterRevoke', 'successCode']) {
		expect(second.switches).not.toHaveProperty(name);
	}
});

test('waits a minute and asks again if tokenP refuses for its limit after the revoke', async () => {
	const { sandbox, clock, options } = await startPaper();
	let waits = 0;
	const pause = async (ms: number) => {
		clock.elapsed += ms;
		// The first minute does not pass for the rule of one issue a minute.
		if (ms >= OVER_A_MINUTE_MS && ++waits > 1) clock.ms += ms;
	};
	const { text, said, switches } = await check({ ...options, pause });
	expect(waits).toBe(2);
	expect(said).toContain('waiting 61 s');
	expect(row(text, 'tokenP right after')[1]).toMatch(/^EGW00133; a minute later: .*a new token$/);
	expect(text).toMatch(/^No switch for this: tokenP refuses right after revokeP/m);
	expect(switches).toMatchObject({ issueAfterRevoke: 'newToken' });
	expect(sandbox.calls.filter(({ path }) => path === '/oauth2/tokenP')).toHaveLength(3);
});

test.each([
	['', 2, false],
	[', though a connection breaks', 3, true],
])('issues for one app key are a minute apart%s', async (_name, count, breaks) => {
	const paper = await startPaper();
	const { sandbox, clock } = paper;
	const times: number[] = [];
	let isBroken = !breaks;
	const pause = async (ms: number) => {
		while (times.length < sandbox.calls.length) times.push(clock.elapsed);
		await paper.pause(ms);
		if (isBroken || ms < OVER_A_MINUTE_MS) return;
		// KIS may have issued before it broke.
		sandbox.faults.push({ kind: 'reset', path: '/oauth2/tokenP', processed: true });
		isBroken = true;
	};
	await check({ ...paper.options, other, pause });
	const issues = sandbox.calls.flatMap(({ path, appkey }, call) =>
		path === '/oauth2/tokenP' && appkey === keys.appkey ? [times[call]] : [],
	);
	expect(issues).toHaveLength(count);
	const gaps = issues.slice(1).map((time, before) => time - issues[before]);
	expect(Math.min(...gaps)).toBeGreaterThanOrEqual(OVER_A_MINUTE_MS);
});

test('sees how long an idle connection was kept, and goes on with a new one', async () => {
	const { sandbox, pause, options } = await startPaper();
	const { text } = await check({
		...options,
		pause: async (ms) => {
			await pause(ms);
			if (ms < OVER_A_MINUTE_MS) return;
			for (const socket of sandbox.sockets) socket.destroy();
			await delay(50);
		},
	});
	expect(row(text, 'a connection left idle')[1]).toBe(
		'the server closed it after 0.0 s; the next request was answered on a new one',
	);
});

test('asks again where a kept connection breaks', async () => {
	const { sandbox, pause, options } = await startPaper();
	const { text } = await check({
		...options,
		pause: async (ms) => {
			await pause(ms);
			if (ms >= OVER_A_MINUTE_MS) sandbox.faults.push({ kind: 'reset' });
		},
	});
	expect(row(text, 'a connection left idle')[1]).toMatch(/got no answer \(ECONNRESET\) on it$/);
	expect(row(text, 'does the token work before')).toEqual([
		' ',
		expect.stringContaining('it works'),
	]);
});

describe('whether revokes count', () => {
	test('is not told where nothing meets the limit', async () => {
		const { options } = await startPaper({ requestsPerSecond: 1000 });
		const { text, switches } = await check(options);
		expect(switches).not.toHaveProperty('oauthCounts');
		expect(switches).not.toHaveProperty('rateRefusalStatus');
		expect(row(text, '3 quotes in a row')[0]).toBe('≠');
		expect(row(text, '3 revokes in a row')[0]).toBe('?');
		expect(row(text, '3 concurrent revokes')[0]).toBe('?');
	});

	test('is not told where the answers are too slow to meet the limit', async () => {
		let revokesOfGarbage = 0;
		const { sandbox, options } = await startPaper({
			// Two of the three in a row: the second is answered after more than a second.
			faultFor: (token) =>
				/^[0-9a-f]{64}$/.test(token) && [3, 4].includes(++revokesOfGarbage)
					? { kind: 'delay', delayMs: 550, processed: true }
					: undefined,
		});
		setSwitches(sandbox.kis.switches, { oauthCounts: false });
		const { text, switches } = await check(options);
		expect(row(text, '3 quotes in a row')[0]).toBe(' ');
		expect(row(text, '3 revokes in a row')[0]).toBe('?');
		expect(switches).not.toHaveProperty('oauthCounts');
		expect(switches).toHaveProperty('rateRefusalStatus');
	});
});

describe('a server that is no KIS', () => {
	const token = ['{"alg":"HS512"}', JSON.stringify({ jti: keys.appkey, exp: 4e9 }), 'x'.repeat(64)]
		.map((part) => Buffer.from(part).toString('base64url'))
		.join('.');
	const issued = http(200, JSON.stringify({ access_token: token }));
	const page = http(200, '<html>점검</html>', { 'content-type': 'text/html' });
	const confirmed = http(200, JSON.stringify({ code: 200, message: 'fine' }));

	async function checkServer(
		answer: (request: SeenRequest) => Answer,
		timeoutMs = 2000,
		pause = async () => {},
	) {
		const server = await startServer({ answer });
		const report = await check({ baseUrl: new URL(server.url), keys, pause, timeoutMs });
		return { ...report, requests: server.requests.length };
	}
	const issuesAnd = (answer: Answer) => (request: SeenRequest) =>
		request.line.includes('tokenP') ? issued : answer;

	const ENDINGS = [
		['answers with a page', page, 'HTTP 200 no JSON object (text/html)'],
		['resets', reset, 'no answer: ECONNRESET'],
		['hangs', silence, 'no answer: no answer within 0.1 s'],
	] as const;

	test.each(ENDINGS)('%s: nothing more is sent', async (_name, ending, says) => {
		const { text, requests, switches, isUsable } = await checkServer(() => ending, 100);
		expect([requests, switches, isUsable]).toEqual([1, {}, false]);
		expect(row(text, 'tokenP: the fields')).toEqual(['?', says]);
		expect(row(text, 'revoke a live token')).toEqual(['?', 'not asked: tokenP gave no token']);
		expect(text).toContain('No token arrived, and nothing was revoked.');
	});

	test.each(ENDINGS)('%s to all but tokenP: each row says so', async (_name, ending, says) => {
		const { text, switches } = await checkServer(issuesAnd(ending), 100);
		expect(switches).toEqual({});
		for (const question of ['revoke garbage', 'revoke a live token', 'revoke it again']) {
			expect(row(text, question)).toEqual(['?', says]);
		}
		expect(row(text, '3 revokes in a row')[0]).toBe('?');
	});

	test('counts each connection for itself: no switch can express it', async () => {
		const counts = new Map<number | undefined, number>();
		const { text, switches } = await checkServer(
			({ line, connection }) => {
				const count = (counts.get(connection) ?? 0) + 1;
				counts.set(connection, count);
				const code = count > 1 ? 'EGW00201' : 'EGW00121';
				return line.includes('tokenP') ? issued : refusal(code);
			},
			2000,
			async () => counts.clear(),
		);
		expect(switches).toMatchObject({ oauthCounts: true });
		expect(row(text, '3 concurrent revokes')[0]).toBe('≠');
		expect(text).toContain('No switch for this: revokes meet the limit on one connection only');
	});

	test('writes its codes in small letters: they are not those of KIS, and tell nothing', async () => {
		const { switches } = await checkServer(issuesAnd(refusal('egw00121')));
		expect(switches).toEqual({});
	});

	test('is short of breath in its ledger: that is not the limit that was asked about', async () => {
		const { text } = await checkServer(issuesAnd(refusal('EGW00215')));
		expect(row(text, '3 quotes in a row')).toEqual(['?', expect.stringMatching(/^0 of 3 refused/)]);
	});

	test('confirms whatever it is asked: what no switch can express is said', async () => {
		const { text, switches } = await checkServer(issuesAnd(confirmed));
		expect(switches).toEqual({
			unknownToken: 'success',
			checkedFirst: 'token',
			revokedToken: 'success',
			successCode: 'number',
			issueAfterRevoke: 'sameToken',
		});
		for (const oddity of [
			'a revoked token still works a moment later',
			'tokenP brings the revoked token to life',
		]) {
			expect(text).toContain(`No switch for this: ${oddity}`);
		}
	});

	test.each([
		['a status that nobody expects', '{"error_code":"EGW00201"}', 429],
		['a code that is no text', '{"error_code":{"toString":1},"error_description":[1]}', 403],
		['a confirmation without a text', '{"code":{"toString":1},"message":{}}', 200],
		['empty codes', '{"rt_cd":"1","msg_cd":"","msg1":""}', 500],
		['a prototype', '{"__proto__":{"error_code":"EGW00121"}}', 200],
		['a list', '[]', 200],
		['nothing', 'null', 200],
		['a long body', ' '.repeat(100_000), 200],
	])('answers with %s: a table all the same', async (_name, body, status) => {
		const { text } = await checkServer(issuesAnd(http(status, body)));
		expect(text).toContain('Sandbox switches that make the local KIS answer like this:\n{');
	});

	test('gives back every secret wherever it can: none is shown', async () => {
		const { said, secrets } = await checkServer(({ line, headers, body }) => {
			const all = JSON.stringify({ headers, body, token });
			const json = line.includes('tokenP')
				? { access_token: token, [all]: all, [keys.appsecret]: 1, [token]: 2 }
				: {
						error_code: keys.appkey.slice(0, 16),
						error_description: all,
						[keys.appkey]: all,
						code: token,
					};
			return http(line.includes('tokenP') ? 200 : 403, JSON.stringify(json), {
				server: keys.appsecret,
				[`x-${keys.appkey}`]: 1,
				'retry-after': token,
				'content-type': `application/json; ${keys.appsecret}`,
			});
		});
		expect(said).toContain('Withheld');
		expect(secrets).toEqual([...Object.values(keys), token, token]);
		expect(found(said, secrets)).toBeUndefined();
	});

	test('sends what steers a terminal: it is not printed', async () => {
		const text = '\u001b[2Jgone\r\n‮back';
		const json = JSON.stringify({ error_code: 'EGW00121', error_description: text });
		const { said } = await checkServer(issuesAnd(http(403, json)));
		expect(said.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
		expect(said).toContain('gone back');
	});
});
