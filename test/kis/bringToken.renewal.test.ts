// When a token is renewed, and what serves meanwhile: in this process, and while another worker requests one.
import { KeptToken, keptTokenOf } from '../../kis/keptToken/keptToken';
import { nextStep, type Progress } from '../../kis/keptToken/nextStep';
import { limiterOfAppKey } from '../../kis/rateLimit/limiterFor';
import { redisUrl } from '../support/redis';
import { hangUp, http, refusal, silence } from '../support/scriptedServer';
import { makeToken } from '../support/tokens';
import {
	MINUTE,
	HOUR,
	clock,
	kis,
	credential,
	brought,
	broughtToRead,
	issuedAs,
	issues,
	meanwhile,
	questions,
} from '../support/bringing';

describe('a token is renewed', () => {
	test.each([
		['a day: an hour before', 24 * HOUR, HOUR],
		['90 days: an hour before', 90 * 24 * HOUR, HOUR],
		['an hour: six minutes before', HOUR, 6 * MINUTE],
		['ten minutes: one before', 10 * MINUTE, MINUTE],
	])('that lives %s', async (_name, life, before) => {
		kis.life = life / 1000;
		const first = await broughtToRead();
		clock.now += life - before - 2000;
		expect(await broughtToRead()).toBe(first);
		expect(issues()).toBe(1);
		clock.now += 3000;
		expect(await broughtToRead()).not.toBe(first);
		expect(issues()).toBe(2);
	});

	test('once; one that KIS has just given again serves until its end', async () => {
		kis.gives = kis.mint();
		await broughtToRead();
		clock.now += 23.5 * HOUR;
		expect(await broughtToRead()).toBe(kis.gives);
		expect(issues()).toBe(2);
		clock.now += 0.4 * HOUR;
		expect(await broughtToRead()).toBe(kis.gives);
		expect(issues()).toBe(2);
		kis.gives = null;
		clock.now += 0.2 * HOUR;
		expect(kis.live).toContain(await broughtToRead());
		expect(issues()).toBe(3);
	});

	test('unless another request of this process has brought one while this one waited to be repeated', async () => {
		await broughtToRead();
		clock.now += 23.5 * HOUR;
		kis.orders.tokenP = [refusal('EGW00300')];
		const renewed = kis.mint();
		meanwhile.does = async () => keptTokenOf(credential()).note(issuedAs(renewed), clock.now);
		expect(await broughtToRead()).toBe(renewed);
		expect(issues()).toBe(2);
	});

	test('and one that KIS gives late in its life serves until its end, too', async () => {
		kis.gives = kis.mint();
		clock.now += 23.5 * HOUR;
		await broughtToRead();
		clock.now += 0.4 * HOUR;
		await broughtToRead();
		expect(issues()).toBe(1);
	});

	test.each([
		['refused', refusal('EGW00105', 403)],
		['limited', refusal('EGW00133', 403)],
		['lost', hangUp],
	])(
		'where that was %s, what is kept serves on, and a minute passes before the next try',
		async (_end, answer) => {
			const first = await broughtToRead();
			clock.now += 23.5 * HOUR;
			kis.orders.tokenP = [answer];
			expect(await broughtToRead()).toBe(first);
			expect(await broughtToRead()).toBe(first);
			expect(issues()).toBe(2);
			clock.now += 62_000;
			expect(await broughtToRead()).not.toBe(first);
			expect(issues()).toBe(3);
		},
	);

	test('where KIS gives one of no use instead, what is kept serves until its end', async () => {
		const first = await broughtToRead();
		clock.now += 23.5 * HOUR;
		kis.gives = makeToken('PSanother');
		expect(await broughtToRead()).toBe(first);
		clock.now += 0.1 * HOUR;
		expect(await broughtToRead()).toBe(first);
		expect(issues()).toBe(2);
	});
});

describe('an order', () => {
	test('fails unsent after ten seconds without a token; the request for one goes on for others', async () => {
		const start = globalThis.setTimeout;
		let end = () => {};
		const timers = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((
			callback: () => void,
			milliseconds?: number,
		) => {
			if (milliseconds === 10_000) end = callback;
			return start(callback, milliseconds);
		}) as typeof start);
		let answer = () => {};
		const access_token = kis.mint();
		kis.orders.tokenP = [
			(socket) => (answer = () => socket.write(http(200, JSON.stringify({ access_token })))),
		];
		const order = brought();
		const endOfOrder = end;
		timers.mockRestore();
		const read = broughtToRead();
		await kis.received(1);
		endOfOrder();
		expect(await order).toBe('tookTooLong');
		answer();
		expect(await read).toBe(access_token);
		expect(await brought()).toBe(access_token);
		expect(issues()).toBe(1);
	});

	test('that is stopped while it waits is reported as stopped', async () => {
		const stop = new AbortController();
		kis.orders.tokenP = [silence];
		const order = brought({ cancel: stop.signal });
		await kis.received(1);
		stop.abort();
		expect(await order).toBe('cancelled');
	});

	test('goes with the token that is good, while another one is issued', async () => {
		const first = await brought();
		clock.now += 23.5 * HOUR;
		kis.orders.tokenP = [silence];
		expect(await brought()).toBe(first);
		await kis.received(3);
		expect(issues()).toBe(2);
	});

	test('adds no listener to a signal that all share: of more than ten, Node.js warns', async () => {
		await brought();
		clock.now += 23.5 * HOUR;
		kis.orders.tokenP = [silence];
		const added = jest.spyOn(EventTarget.prototype, 'addEventListener');
		await Promise.all(Array.from({ length: 20 }, async () => await brought()));
		await kis.received(3);
		const signals = added.mock.contexts;
		const counts = signals.map((one) => signals.filter((other) => other === one).length);
		added.mockRestore();
		expect(Math.max(...counts)).toBeLessThanOrEqual(10);
	});

	test('does not stand behind the question whether the token is alive', async () => {
		const first = await brought();
		clock.now += 11 * MINUTE;
		limiterOfAppKey(kis.keys.appkey).pause(6000);
		expect(await brought()).toBe(first);
		expect(questions()).toBe(0);
	});
});

describe('while another worker asks KIS', () => {
	const stepOf = (kept: KeptToken, progress: Partial<Progress> = {}) =>
		nextStep(
			credential({ redis: redisUrl('redis://127.0.0.1') }),
			kept,
			{
				mayWait: true,
				waitedOut: null,
				patientUntil: clock.now + 10,
				checked: null,
				issuance: null,
				...progress,
			},
			clock.now,
		);
	const requestedElsewhere = (token?: string) => {
		const kept = new KeptToken();
		if (token !== undefined) kept.note(issuedAs(token), clock.now);
		kept.noteOtherWorkers({ waitMs: 70, hold: null });
		return kept;
	};

	test('whoever has no token looks again, and leaves when that takes too long', () => {
		const kept = requestedElsewhere();
		expect(stepOf(kept)).toEqual({ kind: 'lookAgain', waitMs: 70 });
		expect(stepOf(kept, { patientUntil: clock.now })).toEqual({
			kind: 'refuse',
			noToken: { because: 'requestedElsewhere' },
		});
		// Redis has gone: nobody else is known to ask.
		kept.noteOtherWorkers(null);
		expect(stepOf(kept)).toEqual({ kind: 'issue' });
	});

	test('a token that is due serves on', () => {
		const kept = requestedElsewhere(kis.mint());
		clock.now += 23.5 * HOUR;
		const { token: checked } = kept;
		expect(stepOf(kept, { checked })).toEqual({ kind: 'use', token: checked });
		kept.noteOtherWorkers({ waitMs: 0, hold: null });
		expect(stepOf(kept, { checked })).toEqual({ kind: 'issue' });
	});

	test('and has ended without an answer, a read waits for the minute, an order does not', () => {
		const kept = new KeptToken();
		const issuance = { outcome: 'unknown', attempts: [], decisive: null } as const;
		const hold = { since: clock.now, until: clock.now + MINUTE, issuance };
		kept.noteOtherWorkers({ waitMs: 0, hold });
		expect(stepOf(kept)).toEqual({ kind: 'wait', hold });
		expect(stepOf(kept, { mayWait: false })).toMatchObject({ noToken: { because: 'notIssued' } });
		expect(stepOf(kept, { waitedOut: hold })).toEqual({ kind: 'issue' });
		clock.now += MINUTE;
		expect(stepOf(kept)).toEqual({ kind: 'issue' });
	});
});
