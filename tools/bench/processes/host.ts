import { createRequire } from 'node:module';

import type { Task } from '../candidates/candidate';
import { englishText } from '../englishText';
import { carry, type Load } from '../loads';
import { watchTurns, workedMs, type Held } from '../turnWatch';
import { serve } from './child';

interface Guard {
	and(...tokens: string[]): Guard;
	reveals(text: string): boolean;
}

const service = {
	/** Lets this node do something, and watches how it holds the process. */
	async watch({ load, task }: { load: Load; task: Task }): Promise<Held> {
		// What n8n does with an error is not this node's work.
		return await carry(load, task, async (work) => await watchTurns(() => work().catch(() => {})));
	},

	/** @returns The processor time that it took to judge an English text for each token, none like another, in milliseconds. */
	judge({ app, tokens }: Pick<Task, 'app' | 'tokens'>): number {
		const { SecretGuard } = createRequire(__filename)('../../../dist/kis/secrets/secretGuard') as {
			SecretGuard: new (keys: readonly string[]) => Guard;
		};
		const guard = new SecretGuard([app.appkey, app.appsecret]);
		const texts = tokens.map((_token, i) => englishText(i));
		const before = workedMs();
		const withheld = tokens.filter((token, i) => guard.and(token, app.appkey).reveals(texts[i]));
		const tookMs = workedMs() - before;
		if (withheld.length > 0) throw new Error(`${withheld.length} texts were withheld`);
		return tookMs;
	},
};

export type HostProcess = typeof service;

serve(service);
