// Revokes tokens, and tells where the time went.
import { readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { createRequire } from 'node:module';

import { BESIDE_BARE, type BesideBare } from '../candidates/besideBare';
import type { Task } from '../candidates/candidate';
import { serve } from './child';

/** Time on the main thread, in microseconds, by what it was spent for. */
export type Profile = ReadonlyMap<string, number>;

const INTERVAL_US = 100;
/** Node.js itself, where none of the parts called it. */
const NODE = 'Node.js';
const NOT_AT_WORK = '(idle)';
const WITHOUT_CALLER: Readonly<Record<string, string>> = {
	'(garbage collector)': 'collecting garbage',
	'(root)': NODE,
};

const CONNECTION = createRequire(__filename).resolve('../../../dist/kis/http/connection.js');
/** Everything above is what is bundled into the file. */
const OWN_CODE = readFileSync(CONNECTION, 'utf8').split('\n').indexOf('// kis/http/connection.ts');
if (OWN_CODE < 0) throw new Error(`${CONNECTION} does not say where its own code begins`);

interface Work {
	readonly candidate: BesideBare;
	readonly task: Task;
}

const service = {
	async profile({ candidate, task }: Work): Promise<Profile> {
		const session = new Session();
		session.connect();
		await session.post('Profiler.enable');
		await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
		await session.post('Profiler.start');
		await BESIDE_BARE[candidate].run(task);
		const { profile } = await session.post('Profiler.stop');
		session.disconnect();
		return summed(profile);
	},

	async run({ candidate, task }: Work): Promise<void> {
		await BESIDE_BARE[candidate].run(task);
	},
};

export type ProfiledProcess = typeof service;

/** Sums up the samples. What Node.js does is put down to whoever called it. */
function summed({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Profile {
	const byId = new Map(nodes.map((node) => [node.id, node]));
	const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((c) => [c, id])));
	const sums = new Map<string, number>();
	samples.forEach((sample, i) => {
		let purpose: string | null = null;
		for (let id: number | undefined = sample; id !== undefined && !purpose; id = callers.get(id)) {
			purpose = purposeOf(byId.get(id)?.callFrame);
		}
		const name = purpose ?? NODE;
		if (name !== NOT_AT_WORK) sums.set(name, (sums.get(name) ?? 0) + timeDeltas[i]);
	});
	return sums;
}

/** @returns `null` if the caller knows. */
function purposeOf(frame: Profiler.Profile['nodes'][number]['callFrame'] | undefined) {
	if (!frame) return null;
	const { functionName, url, lineNumber } = frame;
	if (functionName === NOT_AT_WORK) return NOT_AT_WORK;
	if (url === '') return WITHOUT_CALLER[functionName] ?? null;
	if (/[\\/]node_modules[\\/]undici[\\/]/.test(url)) return 'undici';
	if (url.endsWith('/dist/kis/http/connection.js') && lineNumber < OWN_CODE) return 'undici';
	const [, room] = /[\\/]dist[\\/](kis[\\/]\w+)/.exec(url) ?? [];
	return room?.replace('\\', '/') ?? null;
}

serve(service);
