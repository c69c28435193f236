// A figure of something that does not do its work would be worth nothing.
import { CANDIDATES } from '../../bench/candidates';
import { Figures } from '../../bench/figures';
import { removeEngineFolder } from '../../engine/run';
import { Sandbox } from '../../sandbox/server';

afterAll(removeEngineFolder);

test.each(Object.values(CANDIDATES))('revokes every token: $label', async (candidate) => {
	const sandbox = await new Sandbox({ requestsPerSecond: 1_000_000 }).start();
	try {
		const { kis, url, calls } = sandbox;
		const [app] = sandbox.apps;
		const tokens = Array.from({ length: 3 }, () => kis.mint(app.appkey).value);
		const { wallMs, parametersMs } = await candidate.run({ url, app, tokens, unlimited: true });
		expect(tokens.filter((token) => kis.isLive(token))).toEqual([]);
		expect(calls.map(({ path, result }) => `${path} ${result}`)).toEqual(
			tokens.map(() => '/oauth2/revokeP 200'),
		);
		expect(parametersMs).toBeLessThan(wallMs);
	} finally {
		await sandbox.stop();
	}
});

test('figures are the median and its spread', () => {
	const show = (...values: number[]) => new Figures(values).show((value) => value.toFixed(1));
	expect(show(3, 1, 2)).toBe('2.0 (1.0–3.0)');
	expect(show(10, 9, 2, 1)).toBe('5.5 (1.0–10.0)');
	expect(show(2.01, 2, 2.04)).toBe('2.0');
});
