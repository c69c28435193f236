// One request for concurrent callers: who joins, who leaves, and who comes after.
import { SharedCall } from '../../kis/issue/sharedCall';
import { parseExchange, type ParsedExchange } from '../../kis/reply/reply';

const END = parseExchange({
	kind: 'unwritten',
	transportCode: 'ECONNREFUSED',
	forbidden: null,
});

/** A call that ends when it is told to, or when it is stopped. */
function makeCall() {
	let end: (parsed: ParsedExchange | 'withdrawn' | null) => void = () => {};
	let stopped = false;
	const call = new SharedCall(
		async (cancel) =>
			await new Promise((resolve) => {
				end = resolve;
				cancel.addEventListener('abort', () => {
					stopped = true;
					resolve(null);
				});
			}),
	);
	return {
		call,
		end: (parsed: ParsedExchange | 'withdrawn' | null = END) => end(parsed),
		isStopped: () => stopped,
	};
}

test('all callers get the same end', async () => {
	const { call, end } = makeCall();
	const [one, other] = [new AbortController(), new AbortController()];
	const joined = [call.join(one.signal), call.join(other.signal)];
	end();
	expect(await Promise.all(joined)).toEqual([END, END]);
});

test('a request that was not sent after all is not taken for one that was cancelled', async () => {
	const { call, end } = makeCall();
	const joined = [1, 2].map(async () => await call.join(new AbortController().signal));
	end('withdrawn');
	expect(await Promise.all(joined)).toEqual(['withdrawn', 'withdrawn']);
	expect(call.isAbandoned).toBe(false);
});

test('a caller who leaves first cannot tell what became of the request; the others can', async () => {
	const { call, end, isStopped } = makeCall();
	const leaving = new AbortController();
	const joined = [call.join(leaving.signal), call.join(new AbortController().signal)];
	leaving.abort();
	expect(await joined[0]).toMatchObject({
		exchange: { kind: 'unanswered', transportCode: 'ABORT_ERR' },
	});
	expect([isStopped(), call.isAbandoned]).toEqual([false, false]);
	end();
	expect(await joined[1]).toBe(END);
});

test('the last caller who leaves stops it', async () => {
	const { call, isStopped } = makeCall();
	const [one, other] = [new AbortController(), new AbortController()];
	const joined = [call.join(one.signal), call.join(other.signal)];
	one.abort();
	other.abort();
	expect((await Promise.all(joined))[1]).toBeNull();
	expect([isStopped(), call.isAbandoned]).toEqual([true, true]);
});

test('a caller who was cancelled before joining stops it immediately, if alone', async () => {
	const { call, isStopped } = makeCall();
	expect(await call.join(AbortSignal.abort())).toBeNull();
	expect(isStopped()).toBe(true);
});

test('after its end nobody can stop it, and no listener is left', async () => {
	const { call, end } = makeCall();
	const asker = new AbortController();
	const removed = jest.spyOn(asker.signal, 'removeEventListener');
	const joined = call.join(asker.signal);
	end();
	await joined;
	await new Promise(setImmediate);
	expect(removed).toHaveBeenCalledTimes(1);
	asker.abort();
	expect(call.isAbandoned).toBe(false);
});

test('callers who waited together share the next call, unless it was abandoned', () => {
	const { call } = makeCall();
	const made = [makeCall().call, makeCall().call];
	const make = jest.fn<SharedCall, []>().mockReturnValueOnce(made[0]).mockReturnValueOnce(made[1]);
	expect(call.next(make)).toBe(made[0]);
	expect(call.next(make)).toBe(made[0]);
	const leaving = new AbortController();
	void made[0].join(leaving.signal);
	leaving.abort();
	expect(call.next(make)).toBe(made[1]);
	expect(make).toHaveBeenCalledTimes(2);
});
