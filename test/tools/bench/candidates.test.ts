// A figure of something that does not do its work would be worth nothing.
import { CANDIDATES } from '../../../tools/bench/candidates';
import { removeEngineFolder } from '../../../tools/engine/run';
import { Sandbox } from '../../../tools/sandbox/server';
import { UNLIMITED } from '../../support/workflow';

afterAll(removeEngineFolder);

test.each(Object.values(CANDIDATES))('revokes every token: $label', async (candidate) => {
	const sandbox = await new Sandbox({ requestsPerSecond: UNLIMITED }).start();
	try {
		const { kis, url, calls } = sandbox;
		const [app] = sandbox.apps;
		const tokens = Array.from({ length: 3 }, () => kis.mint(app.appkey).value);
		const { wallMs, parametersMs } = await candidate.run({ url, app, tokens, limit: null });
		expect(tokens.filter((token) => kis.isLive(token))).toEqual([]);
		expect(calls.map(({ path, result }) => `${path} ${result}`)).toEqual(
			tokens.map(() => '/oauth2/revokeP 200'),
		);
		expect(parametersMs).toBeLessThan(wallMs);
	} finally {
		await sandbox.stop();
	}
});
