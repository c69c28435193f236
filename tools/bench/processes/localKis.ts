import { makeApp, type App } from '../../sandbox/apps';
import type { Certificate } from '../../sandbox/certificate';
import { Sandbox } from '../../sandbox/server';
import { sharedClock } from '../clock';
import { serve } from './child';

export interface KisSettings {
	readonly certificate: Certificate;
	readonly requestsPerSecond: number;
}

/** What the local KIS saw of a run. */
export interface Seen {
	/** Of the tokens, how many are dead. */
	readonly revoked: number;
	/** Requests refused for exceeding the limit (EGW00201). */
	readonly refused: number;
	/** Requests for a quote that were answered with one. */
	readonly answered: number;
	/** When the head of the first request had been read, on the shared clock in milliseconds; `Infinity` if none came. */
	readonly firstRequestAt: number;
}

const app: App = makeApp();
let sandbox: Sandbox | undefined;

function started(): Sandbox {
	if (!sandbox) throw new Error('The local KIS was not started');
	return sandbox;
}

const service = {
	/** @returns Where it listens, and whose tokens it gives. */
	async start(settings: KisSettings): Promise<{ readonly url: string; readonly app: App }> {
		sandbox = await new Sandbox({ apps: [app], ...settings }).start();
		return { url: sandbox.url, app };
	},

	/** Tokens for a run, which begins here: what was seen before no longer counts. */
	mint(count: number): string[] {
		const { kis, calls } = started();
		calls.length = 0;
		return Array.from({ length: count }, () => kis.mint(app.appkey).value);
	},

	/** What has been seen since `mint`. */
	see(tokens: readonly string[]): Seen {
		const { kis, calls } = started();
		const toShared = sharedClock() - performance.now();
		return {
			revoked: tokens.filter((token) => !kis.isLive(token)).length,
			refused: calls.filter(({ result }) => result === 'EGW00201').length,
			answered: calls.filter(({ result }) => result === 'MCA00000').length,
			firstRequestAt: toShared + Math.min(...calls.slice(0, 1).map(({ at }) => at)),
		};
	},
};

export type LocalKisProcess = typeof service;

serve(service);
