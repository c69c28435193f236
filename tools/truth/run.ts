import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ICredentialType, INodeType } from 'n8n-workflow';

import { print, runMain } from '../common/program';
import { removeEngineFolder } from '../engine/run';
import { makeCertificate } from '../sandbox/certificate';
import { runExperiment, type ExperimentOptions } from './experiment';
import { ConnectProxy } from './proxy';
import { tell } from './report';
import { HOST, trustedCertificate } from './trust';

// What users get: the built package, not the source.
const { KisApi, KisToken } = createRequire(__filename)('../../dist') as {
	KisApi: new () => ICredentialType;
	KisToken: new () => INodeType;
};

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
	const product = { node: new KisToken(), credential: new KisApi() };
	// The engine and the node keep what they load: that is not what is asked about.
	await runExperiment(product, { ...options, tokens: 100, seed: 0, batch: 50 }, secure);
	await settle();
	const before = {
		bytes: process.memoryUsage().heapUsed,
		handles: process.getActiveResourcesInfo().length,
	};

	const started = performance.now();
	const found = await runExperiment(product, options, secure);
	const seconds = (performance.now() - started) / 1000;
	await settle();
	const left = process.getActiveResourcesInfo().length - before.handles;
	const bytesPerToken = (process.memoryUsage().heapUsed - before.bytes) / found.items;
	await proxy.close();
	await removeEngineFolder();

	print(tell(options, found, { seconds, left, bytesPerToken }));
	return found.accusations.length === 0 && left <= 0;
}

function readOptions(): ExperimentOptions {
	const { values } = parseArgs({
		options: {
			tokens: { type: 'string', default: '10000' },
			seed: { type: 'string', default: '1' },
			faults: { type: 'string', default: '0.2' },
			batch: { type: 'string', default: '200' },
			parallel: { type: 'string', default: '8' },
			enough: { type: 'string', default: 'Infinity' },
		},
	});
	return {
		tokens: Number(values.tokens),
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
