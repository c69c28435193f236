import { makeApp, type App } from '../../sandbox/apps';
import type { Certificate } from '../../sandbox/certificate';
import { Sandbox } from '../../sandbox/server';
import { sharedClock } from '../candidates/timed';
import { serve } from './child';

export interface KisSettings {
	readonly certificate: Certificate;
	readonly requestsPerSecond: number;
}

/** What KIS saw of a run. */
export interface Seen {
	/** Of the tokens, how many are dead. */
	readonly revoked: number;
	/** Requests refused for their number. */
	readonly refused: number;
	readonly requests: number;
	readonly connections: number;
	/** When the head of the first request had been read, on the shared clock in milliseconds. */
	readonly firstRequestAt: number;
}

const app: App = makeApp();
let sandbox: Sandbox | undefined;
let connectionsBefore = 0;

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

	mint(count: number): string[] {
		return Array.from({ length: count }, () => started().kis.mint(app.appkey).value);
	},

	/** What has happened since this was asked last. */
	see(tokens: readonly string[]): Seen {
		const { kis, calls, connections } = started();
		const taken = calls.splice(0);
		const toShared = sharedClock() - performance.now();
		const seen = {
			revoked: tokens.filter((token) => !kis.isLive(token)).length,
			refused: taken.filter(({ result }) => result === 'EGW00201').length,
			requests: taken.length,
			connections: connections - connectionsBefore,
			firstRequestAt: toShared + Math.min(...taken.map(({ at }) => at)),
		};
		connectionsBefore = connections;
		return seen;
	},
};

export type LocalKisProcess = typeof service;

serve(service);
