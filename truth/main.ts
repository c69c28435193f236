import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ICredentialType, INodeType } from 'n8n-workflow';

import { runExperiment } from './experiment';

// What users get: the built package, not the source.
const { KisApi, KisToken } = createRequire(__filename)('../dist') as {
	KisApi: new () => ICredentialType;
	KisToken: new () => INodeType;
};

async function main(): Promise<boolean> {
	const { values } = parseArgs({
		options: {
			tokens: { type: 'string', default: '10000' },
			seed: { type: 'string', default: '1' },
			faults: { type: 'string', default: '0.2' },
		},
	});
	const options = {
		tokens: Number(values.tokens),
		seed: Number(values.seed),
		faultShare: Number(values.faults),
		batch: 500,
		parallel: 8,
	};
	const started = performance.now();
	const found = await runExperiment({ node: new KisToken(), credential: new KisApi() }, options);
	const seconds = ((performance.now() - started) / 1000).toFixed(1);
	await delay(500); // What the sandboxes still owe to clients that went away.
	const sockets = process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
	print(`${found.items} tokens, seed ${options.seed}, something happens to ${options.faultShare * 100} % of the attempts, ${seconds} s

outcomes            ${JSON.stringify(found.outcomes)}
calls per token     ${(found.calls / found.items).toFixed(3)}
over the limit      ${found.overLimit}
sockets left        ${sockets}
false statements    ${found.falseStatements.length}
`);
	for (const statement of found.falseStatements.slice(0, 20)) print(`  ${statement}\n`);
	return found.falseStatements.length === 0 && found.overLimit === 0;
}

function print(text: string): void {
	process.stdout.write(text);
}

main().then(
	(allTrue) => {
		process.exitCode = allTrue ? 0 : 1;
	},
	(error: unknown) => {
		process.stderr.write(`${String(error)}\n`);
		process.exitCode = 1;
	},
);
