import type { BesideBare } from '../candidates/besideBare';
import { Child } from '../processes/child';
import type { Profile, ProfiledProcess } from '../processes/profiled';
import type { Findings } from '../report';
import { Sample } from '../sample';
import { makeTokens, withPlainKis } from './plainKis';

/** So that what V8 compiles is compiled. */
const BEFORE = 5000;
const TOKENS = 10_000;
const BARE = 'bareUndici';

/** What each part of the client takes: what there would be to gain if it took nothing. */
export async function pieces(rounds: number): Promise<Findings> {
	const { app, tokens } = makeTokens(BEFORE + TOKENS);
	const profiles: Record<BesideBare, Profile[]> = { client: [], bareUndici: [] };
	await withPlainKis(async (url) => {
		const taskOf = (some: readonly string[]) => ({ url, app, tokens: some, limit: null });
		for (let round = 0; round < rounds; round++) {
			for (const candidate of Object.keys(profiles) as BesideBare[]) {
				const profile = await Child.within<ProfiledProcess, Profile>('profiled', async (child) => {
					await child.ask('run', { candidate, task: taskOf(tokens.slice(0, BEFORE)) });
					return await child.ask('profile', { candidate, task: taskOf(tokens.slice(BEFORE)) });
				});
				profiles[candidate].push(profile);
			}
		}
	});
	const total = (profile: Profile) => [...profile.values()].reduce((sum, time) => sum + time, 0);
	const each = (candidate: BesideBare, time: (profile: Profile) => number) =>
		Sample.of(profiles[candidate], (profile) => time(profile) / TOKENS);
	const show = (sample: Sample) => sample.show((time) => time.toFixed(1));
	const bare = each(BARE, total).median;
	const names = [...new Set(profiles.client.flatMap((profile) => [...profile.keys()]))];
	const ofPiece = (name: string) => (profile: Profile) => profile.get(name) ?? 0;
	const rows = names
		.map((name) => ({ name, time: each('client', ofPiece(name)) }))
		.sort((one, other) => other.time.median - one.time.median)
		.map(({ name, time }) => [
			name,
			show(time),
			show(each(BARE, ofPiece(name))),
			((time.median - each(BARE, ofPiece(name)).median) / bare).toFixed(2),
		]);
	return {
		title: 'The pieces of its own work',
		about: [
			`Where the time of the main thread goes, by V8's sampling profiler, in microseconds a token: ${TOKENS.toLocaleString('en-US')} tokens over plain http, after ${BEFORE.toLocaleString('en-US')} others.`,
			'What Node.js does counts for the part that called it; the row Node.js is what none of them called.',
			'The last column is what the client takes more than the bare loop for that part, in times of the whole bare loop: so much would be gained if it took nothing.',
			'All together it is more than the instructions above suggest. Why is not known: here time is counted, of more tokens, and garbage is collected.',
		],
		tables: [
			{
				head: ['part', 'the client of this package', 'bare undici loop', 'more'],
				rows: [
					...rows,
					[
						'all',
						show(each('client', total)),
						show(each(BARE, total)),
						((each('client', total).median - bare) / bare).toFixed(2),
					],
				],
			},
		],
		goals: [],
	};
}
