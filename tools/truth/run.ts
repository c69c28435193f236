import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { print, runMain } from '../common/program';
import { removeEngineFolder } from '../engine/run';
import { makeCertificate } from '../sandbox/certificate';
import { runExperiment, type ExperimentOptions } from './experiment';
import { startOtherProcess } from './otherProcess';
import { loadProduct } from './product';
import { ConnectProxy } from './proxy';
import { Redis, SHARING } from './redis';
import { tell } from './report';
import type { Team } from './team';
import { installClocks } from './trading/clock';
import { takeStep } from './trading/step';
import { HOST, trustedCertificate } from './trust';
import { revokeAll } from './workflow';

const collectGarbage = globalThis.gc ?? (() => undefined);

async function run(): Promise<boolean> {
	const options = readOptions();
	const proxy = await new ConnectProxy().listen();
	process.env.HTTPS_PROXY = proxy.url;
	const secure = {
		host: HOST,
		trusted: trustedCertificate(),
		untrusted: await makeCertificate(HOST),
		proxy,
	};
	installClocks();
	const product = loadProduct();
	const other = options.sharing === 'none' ? null : startOtherProcess();
	const redis = other && (await new Redis(options.seed).start(options.sharing === 'flaky'));
	const team: Team = {
		members: [
			{
				revoke: async (it) => await revokeAll(product, it),
				takeStep: async (it) => await takeStep(product, it),
			},
			...(other ? [other] : []),
		],
		redisUrl: redis && redis.url,
	};
	try {
		// The engine and the node keep what they load: that is not what is asked about.
		await runExperiment(team, { ...options, tokens: 100, steps: 0, seed: 0, batch: 50 }, secure);
		await settle();
		const before = {
			bytes: process.memoryUsage().heapUsed,
			handles: process.getActiveResourcesInfo().length,
		};

		const started = performance.now();
		const found = await runExperiment(team, options, secure);
		const seconds = (performance.now() - started) / 1000;
		await redis?.stop();
		await settle();
		// Fewer than before, if Redis has ended meanwhile.
		const left = Math.max(0, process.getActiveResourcesInfo().length - before.handles);
		const bytes = process.memoryUsage().heapUsed - before.bytes;
		if (redis) print(`Two processes, one Redis, which was away ${redis.gone} times. `);
		print(tell(options, found, { seconds, left, bytes }));
		return found.accusations.length === 0 && left === 0;
	} finally {
		await redis?.stop();
		await other?.stop();
		await proxy.close();
		await removeEngineFolder();
	}
}

function readOptions(): ExperimentOptions {
	const { values } = parseArgs({
		options: {
			tokens: { type: 'string', default: '10000' },
			steps: { type: 'string', default: '3000' },
			seed: { type: 'string', default: '1' },
			faults: { type: 'string', default: '0.2' },
			batch: { type: 'string', default: '200' },
			parallel: { type: 'string', default: '8' },
			redis: { type: 'string', default: 'none' },
			enough: { type: 'string', default: 'Infinity' },
		},
	});
	const sharing = SHARING.find((it) => it === values.redis);
	if (!sharing) throw new RangeError(`--redis has to be one of ${SHARING.join(', ')}`);
	return {
		sharing,
		tokens: Number(values.tokens),
		steps: Number(values.steps),
		seed: Number(values.seed),
		faultShare: Number(values.faults),
		batch: Number(values.batch),
		parallel: Number(values.parallel),
		enough: Number(values.enough),
	};
}

/** Lets servers see that their clients have gone, but no timer of the node run out; and forgets what nobody needs. */
async function settle(): Promise<void> {
	await delay(500);
	collectGarbage();
	await delay(10);
	collectGarbage();
}

void runMain(run);
