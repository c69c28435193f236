// What a process makes of what other workers say of a token, and what it tells them. What Redis says is said here, word by
// word; for two workers at a real one see sharedTokens.test.ts.
import { setTimeout as sleep } from 'node:timers/promises';

import type { KisCredential } from '../../kis/input/credential';
import { deadTokens } from '../../kis/memory/deadTokens';
import {
	doubtAbout,
	isBeingRevoked,
	isRevokeOpen,
	markAsRevoking,
	raiseDoubt,
	type Doubt,
} from '../../kis/memory/revokeMarks';
import {
	learnFromOthers,
	learnOfAll,
	tellOthers,
	whileRevoking,
} from '../../kis/memory/sharedMarks';
import { SharedTokens, type RevokeLease, type SharedMark } from '../../kis/memory/sharedTokens';
import type { AccessToken } from '../../kis/input/accessToken';
import type { RevokeOutcome } from '../../kis/reply/revokeOutcome';
import { turnIsOver } from '../../kis/turns';
import { until } from '../../tools/common/until';
import { redisUrl } from '../support/redis';
import { credentialFor, makeKeyPair, makeToken, makeTokens, read } from '../support/tokens';

const keys = makeKeyPair();
const alone = credentialFor(keys, 'http://127.0.0.1:1');
const credential: KisCredential = { ...alone, redis: redisUrl('redis://127.0.0.1:1') };
const GONE = null;

let token: AccessToken;
/** What was told, in order: what, of which token or tokens, and more. */
let told: unknown[][];
let lookUp: jest.SpyInstance<Promise<SharedMark[] | null>, [readonly AccessToken[]]>;
let lease: RevokeLease;

beforeEach(() => {
	token = read(makeToken(keys.appkey));
	told = [];
	let count = 0;
	const tells = (does: string) => async (of: unknown, more?: unknown) => {
		told.push([does, of, more].filter((it) => it !== undefined));
	};
	lookUp = jest.spyOn(SharedTokens.prototype, 'lookUp');
	jest.spyOn(SharedTokens.prototype, 'tellDead').mockImplementation(tells('dead'));
	jest.spyOn(SharedTokens.prototype, 'tellAlive').mockImplementation(tells('alive'));
	jest.spyOn(SharedTokens.prototype, 'begin').mockImplementation(async (tokens) => {
		await tells('begin')(tokens);
		return (lease = { name: `kis:run:${++count}`, close: tells('close') });
	});
});
afterEach(() => jest.restoreAllMocks());

/** Looks the token up: this is what Redis says. @returns The doubt about it afterwards. */
const learn = async (mark: SharedMark | null, of: KisCredential = credential) => {
	lookUp.mockResolvedValueOnce(mark && [mark]);
	await learnFromOthers(token, of);
	return doubtAbout(token, of);
};
const isRevokedElsewhere = () => isBeingRevoked(token, credential);

describe('nobody is asked', () => {
	test.each<[string, () => Promise<void>]>([
		['of no token', async () => await learnFromOthers(null, credential)],
		['without a Redis', async () => await learnFromOthers(token, alone)],
	])('%s', async (_name, learning) => {
		await learning();
		expect(lookUp).not.toHaveBeenCalled();
	});
});

test('a token that another worker revokes is not used, until that worker has ended', async () => {
	await expect(learn('revoking')).resolves.toBeNull();
	expect(isRevokedElsewhere()).toBe(true);
	await expect(learn('revoking')).resolves.toBeNull();
	expect(isRevokedElsewhere()).toBe(true);
	await expect(learn('unmarked')).resolves.toBeNull();
	expect(isRevokedElsewhere()).toBe(false);
	expect(told).toEqual([]);
});

describe('of many tokens', () => {
	test('each is known by its own mark', async () => {
		const tokens = makeTokens(4, keys.appkey);
		lookUp.mockResolvedValueOnce(['revoking', 'unmarked', { leftOpenBy: 'run:1' }, 'revoking']);
		await learnOfAll(tokens, credential);
		expect(lookUp.mock.calls).toEqual([[tokens]]);
		expect(tokens.map((it) => isBeingRevoked(it, credential))).toEqual([true, false, false, true]);
		expect(tokens.map((it) => doubtAbout(it, credential) !== null)).toEqual([
			false,
			false,
			true,
			false,
		]);
	});

	test('those that other workers were revoking when Redis went away are in doubt', async () => {
		const tokens = makeTokens(2, keys.appkey);
		lookUp.mockResolvedValueOnce(['unmarked', 'revoking']);
		await learnOfAll(tokens, credential);
		lookUp.mockResolvedValueOnce(GONE);
		await learnOfAll(tokens, credential);
		expect(tokens.map((it) => doubtAbout(it, credential) !== null)).toEqual([false, true]);
	});

	test('a dead one that others know nothing of is told once, however often it is among them', async () => {
		const [live, dead] = makeTokens(2, keys.appkey);
		deadTokens.add(dead, credential);
		lookUp.mockResolvedValueOnce(['unmarked', 'unmarked', 'unmarked']);
		await learnOfAll([dead, live, dead], credential);
		expect(told).toEqual([['dead', dead]]);
	});

	describe('that Redis is asked about in parts', () => {
		const PART = 500;

		test.each<SharedMark>(['revoking', { leftOpenBy: 'run:1' }])(
			'%j is heeded where Redis said so before it went away',
			async (mark) => {
				const tokens = makeTokens(2 * PART + 1, keys.appkey);
				lookUp.mockResolvedValueOnce(Array<SharedMark>(PART).fill(mark));
				lookUp.mockResolvedValueOnce(GONE);
				await learnOfAll(tokens, credential);
				// Redis is gone, and is not asked about the last one.
				expect(lookUp.mock.calls.map(([part]) => part.length)).toEqual([PART, PART]);
				expect(tokens.map((it) => isRevokeOpen(it, credential))).toEqual(
					tokens.map((_, i) => i < PART),
				);
			},
		);

		test('an answer is heeded before the next comes, and replaces nothing that is learnt since', async () => {
			const tokens = makeTokens(PART + 1, keys.appkey);
			let answer: (marks: SharedMark[]) => void = () => {};
			lookUp.mockResolvedValueOnce(Array<SharedMark>(PART).fill('unmarked'));
			lookUp.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
			const learning = learnOfAll(tokens, credential);
			expect(await until(() => lookUp.mock.calls.length === 2)).toBe(true);
			[token] = tokens;
			await learn('revoking');
			answer(['unmarked']);
			await learning;
			expect(isRevokedElsewhere()).toBe(true);
		});
	});

	test('the rest of n8n runs in between', async () => {
		const tokens = makeTokens(2, keys.appkey);
		lookUp.mockResolvedValueOnce(['revoking', 'revoking']);
		while (!turnIsOver()) await sleep(1);
		let hasRun = false;
		setImmediate(() => (hasRun = true));
		await learnOfAll(tokens, credential);
		expect(hasRun).toBe(true);
	});
});

describe('if Redis goes away', () => {
	test('while another worker revokes the token, KIS has to be asked', async () => {
		await learn('revoking');
		await expect(learn(GONE)).resolves.not.toBeNull();
		expect(isRevokedElsewhere()).toBe(false);
	});

	test('at another time, nothing is in doubt', async () => {
		await expect(learn(GONE)).resolves.toBeNull();
		await learn('revoking');
		await learn('unmarked');
		await expect(learn(GONE)).resolves.toBeNull();
	});

	test('a doubt stays the one that it was: a check under way may still resolve it', async () => {
		const doubt = raiseDoubt(token, credential);
		await learn('revoking');
		await expect(learn(GONE)).resolves.toBe(doubt);
	});
});

describe('a token that this process knows to be dead', () => {
	beforeEach(() => deadTokens.add(token, credential));

	test.each<SharedMark>(['unmarked', 'revoking', { leftOpenBy: 'run:1' }, { aliveAfter: 'run:1' }])(
		'is told to be dead to those who think that it is %j, and raises no doubt',
		async (mark) => {
			await expect(learn(mark)).resolves.toBeNull();
			expect(told).toEqual([['dead', token]]);
		},
	);

	test.each([['dead'], [GONE]] as const)('is not told where Redis says %j', async (mark) => {
		await expect(learn(mark)).resolves.toBeNull();
		expect(told).toEqual([]);
	});
});

test.each<SharedMark>(['unmarked', 'revoking', 'dead', { aliveAfter: 'run:1' }])(
	'a live token that Redis calls %j is told nothing of',
	async (mark) => {
		await expect(learn(mark)).resolves.toBeNull();
		expect(told).toEqual([]);
	},
);

describe('a doubt that a revoke has left', () => {
	const leftBy = async (revoke: string) => (await learn({ leftOpenBy: revoke })) as Doubt;

	test('is one, however often it is heard of', async () => {
		const doubt = await leftBy('run:1');
		expect(doubt).not.toBeNull();
		expect(await leftBy('run:1')).toBe(doubt);
		expect(await leftBy('run:1')).toBe(doubt);
	});

	test('is another than that of another revoke, and of this process’s own', async () => {
		const own = raiseDoubt(token, credential);
		const first = await leftBy('run:1');
		const second = await leftBy('run:2');
		expect(new Set([own, first, second]).size).toBe(3);
		expect(await leftBy('run:2')).toBe(second);
	});

	test('is resolved when KIS has called the token alive after that revoke', async () => {
		await leftBy('run:1');
		await expect(learn({ aliveAfter: 'run:1' })).resolves.toBeNull();
	});

	test.each<SharedMark>([{ aliveAfter: 'run:2' }, 'unmarked', 'revoking', 'dead'])(
		'is not resolved by %j',
		async (mark) => {
			const doubt = await leftBy('run:1');
			await expect(learn(mark)).resolves.toBe(doubt);
		},
	);

	test('is not resolved if the revoke was one that nobody else knows', async () => {
		const doubt = raiseDoubt(token, credential);
		await expect(learn({ aliveAfter: 'run:1' })).resolves.toBe(doubt);
	});

	test('stays as it was while Redis is gone', async () => {
		const doubt = await leftBy('run:1');
		await expect(learn(GONE)).resolves.toBe(doubt);
		await expect(learn({ aliveAfter: 'run:1' })).resolves.toBeNull();
	});
});

describe('when KIS has been asked', () => {
	const doubtOf = async (revoke: string) => await learn({ leftOpenBy: revoke });

	test('others are told of a dead token, with or without a doubt', async () => {
		await tellOthers(false, token, credential, null);
		await tellOthers(false, token, credential, await doubtOf('run:1'));
		expect(told).toEqual([
			['dead', token],
			['dead', token],
		]);
	});

	test('others are told of a live one if they know the revoke that left the doubt', async () => {
		await tellOthers(true, token, credential, await doubtOf('run:1'));
		expect(told).toEqual([['alive', token, 'run:1']]);
	});

	test('others are told nothing of what they do not doubt, or what KIS did not say', async () => {
		await tellOthers(true, token, credential, null);
		await tellOthers(true, token, credential, raiseDoubt(token, credential));
		await tellOthers(null, token, credential, await doubtOf('run:1'));
		expect(told).toEqual([]);
	});

	test.each([true, false, null])('without a Redis, nobody is told (alive: %j)', async (alive) => {
		await tellOthers(alive, token, alone, await doubtOf('run:1'));
		expect(told).toEqual([]);
	});
});

describe('a revoke', () => {
	const ALL = ['revoked', 'alreadyInvalid', 'rejected', 'unknown', 'notSent'] as const;
	const EFFECTS = ['dead', 'dead', 'open', 'open', 'asBefore'];
	const resultsOf = (tokens: readonly AccessToken[], outcomes: readonly RevokeOutcome[]) =>
		new Map(outcomes.map((outcome, i) => [tokens[i].fingerprint, { outcome }]));

	test('is told before it begins and after it has ended, with what became of each token', async () => {
		const tokens = makeTokens(6, keys.appkey);
		const results = resultsOf(tokens, ALL);
		const given = await whileRevoking(tokens, credential, async () => {
			expect(told).toEqual([['begin', tokens]]);
			expect(tokens.map((it) => isBeingRevoked(it, alone))).toEqual(Array(6).fill(true));
			return results;
		});
		expect(given).toBe(results);
		// Of the last one nothing was said.
		expect(told.slice(1)).toEqual([['close', [...EFFECTS, 'open']]]);
		expect(tokens.map((it) => isBeingRevoked(it, alone))).toEqual(Array(6).fill(false));
	});

	test('that fails leaves all tokens in doubt, for the other workers too', async () => {
		const tokens = makeTokens(2, keys.appkey);
		const revoking = whileRevoking(tokens, credential, async () => {
			throw new Error('it broke');
		});
		await expect(revoking).rejects.toThrow('it broke');
		expect(told.slice(1)).toEqual([['close', ['open', 'open']]]);
		for (const it of tokens) expect(doubtAbout(it, credential)).not.toBeNull();
	});

	test('is not released to this process before the others know how it went', async () => {
		let wasRevoking = false;
		await whileRevoking([token], credential, async () => {
			const { close } = lease;
			lease.close = async (effects) => {
				wasRevoking = isBeingRevoked(token, alone);
				await close(effects);
			};
			return resultsOf([token], ['unknown']);
		});
		expect(wasRevoking).toBe(true);
	});

	test('leaves a doubt that any worker may resolve, by the revoke’s name', async () => {
		await whileRevoking([token], credential, async () => resultsOf([token], ['unknown']));
		const doubt = doubtAbout(token, credential);
		expect(doubt).not.toBeNull();
		await tellOthers(true, token, credential, doubt);
		expect(told.at(-1)).toEqual(['alive', token, lease.name]);
		await expect(learn({ leftOpenBy: lease.name })).resolves.toBe(doubt);
		await expect(learn({ aliveAfter: 'kis:run:another' })).resolves.toBe(doubt);
		await expect(learn({ aliveAfter: lease.name })).resolves.toBeNull();
	});

	test('without a Redis is known to this process alone', async () => {
		const results = resultsOf([token], ['unknown']);
		await expect(whileRevoking([token], alone, async () => results)).resolves.toBe(results);
		expect(told).toEqual([]);
		const doubt = doubtAbout(token, alone);
		expect(doubt).not.toBeNull();
		await tellOthers(true, token, credential, doubt);
		expect(told).toEqual([]);
	});

	test('by this process does not look like one of another worker', async () => {
		const unmark = await markAsRevoking([token], credential);
		await expect(learn(GONE)).resolves.toBeNull();
		await unmark(['notSent']);
		expect(isBeingRevoked(token, credential)).toBe(false);
	});
});
