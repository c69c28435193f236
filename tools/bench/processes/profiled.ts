// Revokes tokens, and tells where the time went.
import { readFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector';
import { createRequire } from 'node:module';

import type { Task } from '../candidates/candidate';
import { client } from '../candidates/client';
import { bareUndici } from '../candidates/loops';
import { serve } from './child';

const CANDIDATES = { client, bareUndici } as const;

export type ProfiledCandidate = keyof typeof CANDIDATES;

/** Processor time on the main thread, in microseconds, by what it was spent for. */
export type Profile = ReadonlyMap<string, number>;

const INTERVAL_US = 100;
/** Of Node.js itself, and of nothing that it was called by. */
const NODE = 'Node.js';
const NOT_AT_WORK = '(idle)';
const WITHOUT_CALLER: Readonly<Record<string, string>> = {
	'(garbage collector)': 'collecting garbage',
	'(root)': NODE,
};

const CONNECTION = createRequire(__filename).resolve('../../../dist/kis/http/connection.js');
/** Everything above is what is bundled into the file. */
const OWN_CODE = readFileSync(CONNECTION, 'utf8').split('\n').indexOf('// kis/http/connection.ts');

const service = {
	async profile({ candidate, task }: { candidate: ProfiledCandidate; task: Task }) {
		const session = new Session();
		session.connect();
		const ask = async (method: string, params = {}) =>
			await new Promise<{ profile?: Profiler.Profile }>((resolve, reject) => {
				session.post(method, params, (error, result) =>
					error ? reject(error) : resolve(result ?? {}),
				);
			});
		await ask('Profiler.enable');
		await ask('Profiler.setSamplingInterval', { interval: INTERVAL_US });
		await ask('Profiler.start');
		await CANDIDATES[candidate].run(task);
		const { profile } = await ask('Profiler.stop');
		session.disconnect();
		if (!profile) throw new Error('V8 gave no profile');
		return summed(profile);
	},

	async run({ candidate, task }: { candidate: ProfiledCandidate; task: Task }): Promise<void> {
		await CANDIDATES[candidate].run(task);
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
