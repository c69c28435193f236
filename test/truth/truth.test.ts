// A short run of the truth experiment with a fixed seed; `npm run truth -- --tokens 10000 --seed N` is the long one.
import { removeEngineFolder } from '../../engine/run';
import { KisApi } from '../../credentials/KisApi.credentials';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { runExperiment } from '../../truth/experiment';

afterAll(removeEngineFolder);

test('nothing that is reported of a token is false, whatever happens on the way', async () => {
	const found = await runExperiment(
		{ node: new KisToken(), credential: new KisApi() },
		{ tokens: 400, seed: 20_261_122, faultShare: 0.3, batch: 100, parallel: 4 },
	);
	expect(found.falseStatements).toEqual([]);
	expect(found.items).toBe(400);
	expect(Object.keys(found.outcomes).sort()).toEqual([
		'alreadyInvalid',
		'notSent',
		'rejected',
		'revoked',
		'unknown',
	]);
}, 60_000);
