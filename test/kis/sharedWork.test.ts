// What concurrent callers get of work that they share, and what is left of them when they leave.
import { getEventListeners } from 'node:events';

import { SharedWork } from '../../kis/keptToken/sharedWork';

const ABOUT = {};
let work: SharedWork<string>;
let started: number;
let finish: (result: string) => void;
beforeEach(() => {
	work = new SharedWork();
	started = 0;
});

const join = async (caller = new AbortController(), about: object = ABOUT) =>
	await work.join(
		about,
		async () => {
			started++;
			return await new Promise<string>((resolve) => (finish = resolve));
		},
		caller.signal,
	);

test('callers about the same share it, and the next caller starts it again', async () => {
	const two = Promise.all([join(), join()]);
	finish('first');
	expect(await two).toEqual(['first', 'first']);
	const next = join();
	finish('second');
	expect(await next).toBe('second');
	expect(started).toBe(2);
});

test('a caller about something else does not share it', async () => {
	const one = join();
	const finishOne = finish;
	const other = join(undefined, {});
	finish('other');
	finishOne('one');
	expect(await Promise.all([one, other])).toEqual(['one', 'other']);
});

test('it goes on when all callers have left', async () => {
	const caller = new AbortController();
	const left = join(caller);
	caller.abort();
	expect(await left).toBeNull();
	const last = join();
	finish('done');
	expect(await last).toBe('done');
	expect(started).toBe(1);
});

test('a caller that was stopped before gets nothing, and starts nothing', async () => {
	const stopped = new AbortController();
	stopped.abort();
	expect(await join(stopped)).toBeNull();
	expect(started).toBe(0);
	const other = join();
	expect(await join(stopped)).toBeNull();
	finish('done');
	expect(await other).toBe('done');
	expect(started).toBe(1);
});

test('nothing listens any more to a caller that was served', async () => {
	const caller = new AbortController();
	const served = join(caller);
	finish('done');
	await served;
	expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
});

test('if it fails, all callers hear of it', async () => {
	const failing = async () => await Promise.reject(new Error('failed'));
	const { signal } = new AbortController();
	await expect(work.join(ABOUT, failing, signal)).rejects.toThrow('failed');
});
