// A token that is being revoked, or was: who gets it, and when KIS is asked about it first.
import { whileRevoking } from '../../kis/memory/sharedMarks';
import { http, reset } from '../support/scriptedServer';
import { makeOpaqueToken, read } from '../support/tokens';
import {
	MINUTE,
	clock,
	kis,
	credential,
	bring,
	brought,
	issues,
	questions,
	endedAs,
	revokeAs,
} from '../support/bringing';

describe('a token that is revoked', () => {
	test('goes to nobody from the moment before it is sent', async () => {
		const token = await brought();
		let done: (results: ReturnType<typeof endedAs>) => void = () => {};
		const revoking = whileRevoking(
			[read(token)],
			credential(),
			async () => await new Promise<ReturnType<typeof endedAs>>((resolve) => (done = resolve)),
		);
		expect(await brought()).toBe('beingRevoked');
		// Of two who revoke it, one is done.
		await revokeAs('notSent', token);
		expect(await brought()).toBe('beingRevoked');
		done(endedAs('notSent', token));
		await revoking;
		expect(await brought()).toBe(token);
		expect([issues(), questions()]).toEqual([1, 0]);
	});

	test('goes to nobody who was asking about it, either', async () => {
		const token = await brought();
		clock.now += 11 * MINUTE;
		kis.orders.quote = [
			(socket) => {
				const never = async () => await new Promise<never>(() => {});
				void whileRevoking([read(token)], credential(), never);
				socket.write(http(200, '{"rt_cd":"0"}'));
			},
		];
		expect(await brought()).toBe('beingRevoked');
	});

	test.each(['unknown', 'rejected'] as const)(
		'%s: is asked about, and used if it lives',
		async (outcome) => {
			const token = await brought();
			await revokeAs(outcome, token);
			expect(await brought()).toBe(token);
			expect(await brought()).toBe(token);
			expect([issues(), questions()]).toEqual([1, 1]);
		},
	);

	test('unknown: is replaced if it is dead', async () => {
		const token = await brought();
		await revokeAs('unknown', token);
		kis.live.clear();
		expect(await brought()).not.toBe(token);
		expect([issues(), questions()]).toEqual([2, 1]);
	});

	test('unknown: is not used as long as KIS does not tell, and asked about by each request', async () => {
		const token = await brought();
		await revokeAs('unknown', token);
		kis.orders.quote = [reset, http(200, '<html></html>')];
		for (let i = 0; i < 2; i++) {
			expect(await bring()).toMatchObject({
				because: 'unsettled',
				token: { value: token },
				checked: true,
			});
		}
		expect(await brought()).toBe(token);
		expect([issues(), questions()]).toEqual([1, 3]);
	});

	test('unknown: what KIS was asked before does not settle it', async () => {
		const token = await brought();
		clock.now += 11 * MINUTE;
		kis.orders.quote = [
			(socket) => {
				void revokeAs('unknown', token).then(() => {
					kis.live.clear();
					socket.write(http(200, '{"rt_cd":"0"}'));
				});
			},
		];
		expect(kis.live).toContain(await brought());
		expect([issues(), questions()]).toEqual([2, 2]);
	});

	test('unknown: who comes later does not share a question from before', async () => {
		const token = await brought();
		clock.now += 11 * MINUTE;
		let answer = () => {};
		kis.orders.quote = [(socket) => (answer = () => socket.write(http(200, '{"rt_cd":"0"}')))];
		const first = brought();
		await kis.received(2);
		await revokeAs('unknown', token);
		const second = brought();
		await kis.received(3);
		answer();
		expect([await first, await second]).toEqual([token, token]);
	});

	test('unknown, and unknown again while KIS is asked about the first: is asked about anew', async () => {
		const token = await brought();
		await revokeAs('unknown', token);
		kis.orders.quote = [
			(socket) => {
				void revokeAs('unknown', token).then(() => {
					kis.live.clear();
					socket.write(http(200, '{"rt_cd":"0"}'));
				});
			},
		];
		expect(kis.live).toContain(await brought());
		expect([issues(), questions()]).toEqual([2, 2]);
	});

	test('by a call that broke off counts as unknown', async () => {
		const token = await brought();
		const broken = whileRevoking(
			[read(token)],
			credential(),
			async () => await Promise.reject(new Error()),
		);
		await expect(broken).rejects.toThrow();
		await brought();
		expect(questions()).toBe(1);
	});

	test('unknown: is asked about even after a sweep that leaves ten thousand others open', async () => {
		const token = await brought();
		kis.live.delete(token);
		await revokeAs('unknown', token);
		await revokeAs('rejected', ...Array.from({ length: 10_000 }, makeOpaqueToken));
		expect(await brought()).not.toBe(token);
		expect([issues(), questions()]).toEqual([2, 1]);
	});

	test('at another host is used on here', async () => {
		const token = await brought();
		const elsewhere = credential({ baseUrl: new URL('https://relay.example') });
		await whileRevoking([read(token)], elsewhere, async () => endedAs('unknown', token));
		expect(await brought()).toBe(token);
		expect(questions()).toBe(0);
	});

	test('and given by KIS meanwhile is used as soon as the revoke has ended without being sent', async () => {
		const token = kis.mint();
		kis.gives = token;
		let done: (results: ReturnType<typeof endedAs>) => void = () => {};
		const revoking = whileRevoking(
			[read(token)],
			credential(),
			async () => await new Promise<ReturnType<typeof endedAs>>((resolve) => (done = resolve)),
		);
		expect(await brought()).toBe('beingRevoked');
		done(endedAs('notSent', token));
		await revoking;
		expect(await brought()).toBe(token);
		expect([issues(), questions()]).toEqual([1, 0]);
	});

	test('and given again by KIS is asked about all the same', async () => {
		kis.gives = kis.mint();
		await revokeAs('unknown', kis.gives);
		expect(await brought()).toBe(kis.gives);
		expect([issues(), questions()]).toEqual([1, 1]);
	});
});
