// A figure of something that is not done would be worth nothing: what each load makes the node ask of KIS.
import { LOADS, carry } from '../../tools/bench/loads';
import { removeEngineFolder } from '../../tools/engine/run';
import { Sandbox } from '../../tools/sandbox/server';
import { UNLIMITED } from '../support/workflow';

afterAll(removeEngineFolder);

/** In the order of the table. */
const SEEN = [
	['/oauth2/revokeP EGW00105'],
	['/oauth2/revokeP EGW00105'],
	['/oauth2/revokeP EGW00121'],
	[],
	Array<string>(3).fill('/oauth2/revokeP 200'),
	// In a KIS that is not wordy.
	Array<string>(3).fill('/oauth2/revokeP 200'),
	[],
	['/oauth2/tokenP 200'],
	[],
	['/oauth2/tokenP 200'],
];

test.each(LOADS.map((load, i) => ({ ...load, seen: SEEN[i] })))('$label', async (load) => {
	const sandbox = await new Sandbox({ requestsPerSecond: UNLIMITED }).start();
	try {
		const { kis, url, calls } = sandbox;
		const [app] = sandbox.apps;
		const tokens = Array.from({ length: 3 }, () => kis.mint(app.appkey).value);
		const isDone = await carry(load, { app, url, tokens }, async (work) => {
			return await work().then(
				() => true,
				() => load.onError === 'stopWorkflow',
			);
		});
		expect(isDone).toBe(true);
		expect(calls.map(({ path, result }) => `${path} ${result}`)).toEqual(load.seen);
	} finally {
		await sandbox.stop();
	}
});
