// Waits end when they are stopped, and leave nothing behind.
import { getEventListeners } from 'node:events';

import { untilStopped, wait, withDeadline } from '../../kis/waiting';
import { leftSince, resources } from '../support/resources';

describe('a wait', () => {
	test('ends by itself', async () => {
		const { signal } = new AbortController();
		expect(await wait(5, signal)).toBe(true);
	});

	test('ends immediately when stopped, and leaves no timer', async () => {
		const before = resources();
		const stop = new AbortController();
		const waiting = wait(600_000, stop.signal);
		stop.abort();
		expect(await waiting).toBe(false);
		expect(await leftSince(before)).toEqual([]);
	});

	test('does not start if it was stopped before', async () => {
		expect(await wait(600_000, AbortSignal.abort())).toBe(false);
	});
});

describe('waiting for work', () => {
	const NEVER = new Promise<string>(() => {});

	test('gives its result, and leaves no listener', async () => {
		const { signal } = new AbortController();
		expect(await untilStopped(Promise.resolve('done'), signal)).toBe('done');
		expect(getEventListeners(signal, 'abort')).toEqual([]);
	});

	test('passes its failure on', async () => {
		const { signal } = new AbortController();
		const failing = Promise.reject(new Error('failed'));
		await expect(untilStopped(failing, signal)).rejects.toThrow('failed');
	});

	test('ends immediately when stopped, before or meanwhile', async () => {
		expect(await untilStopped(NEVER, AbortSignal.abort())).toBeNull();
		const stop = new AbortController();
		const waiting = untilStopped(NEVER, stop.signal);
		stop.abort();
		expect(await waiting).toBeNull();
	});
});

describe('work with a deadline', () => {
	const untilAborted = async (stop: AbortSignal) => await wait(600_000, stop);

	test('is stopped when the time is over', async () => {
		const { signal } = new AbortController();
		expect(await withDeadline(5, signal, untilAborted)).toBe(false);
		expect(signal.aborted).toBe(false);
	});

	test.each([600_000, null])('is stopped by its caller before %s ms', async (milliseconds) => {
		const before = resources();
		const stop = new AbortController();
		const working = withDeadline(milliseconds, stop.signal, untilAborted);
		stop.abort();
		expect(await working).toBe(false);
		expect(await leftSince(before)).toEqual([]);
	});
});
