import type { Dispatcher } from 'undici';

import { RequestWatch } from '../../kis/http/requestWatch';

/** undici's handle on a request, as far as the watch uses it. */
function makeController() {
	const abort = jest.fn();
	return { abort, controller: { abort } as unknown as Dispatcher.DispatchController };
}

test('a request that timed out before undici got to it is never written', async () => {
	const watch = new RequestWatch(() => false);
	watch.timeOut();
	const { abort, controller } = makeController();
	watch.onRequestStart(controller);
	expect(abort).toHaveBeenCalled();
	expect(await watch.exchange).toMatchObject({ kind: 'unwritten' });
});

test('once it is written, nothing makes it unwritten', async () => {
	const watch = new RequestWatch(() => false);
	const { abort, controller } = makeController();
	watch.onRequestStart(controller);
	expect(abort).not.toHaveBeenCalled();
	watch.timeOut();
	expect(await watch.exchange).toMatchObject({ kind: 'unanswered' });
});

test.each<[string, (watch: RequestWatch) => void]>([
	['time is up', (watch) => watch.timeOut()],
	['the execution is stopped', (watch) => watch.breakOff('ABORT_ERR')],
	[
		'the answer is too long',
		(watch) => watch.onResponseData(makeController().controller, Buffer.alloc(64 * 1024 + 1)),
	],
])('undici has to abort a request when %s', async (_name, end) => {
	// Otherwise it could go on reading, inside a tunnel that is gone, and throw where nobody can catch it.
	const watch = new RequestWatch(() => false);
	const { abort, controller } = makeController();
	watch.onRequestStart(controller);
	end(watch);
	expect(abort).toHaveBeenCalledTimes(1);
});
