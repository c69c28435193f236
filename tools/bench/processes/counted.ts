// Revokes tokens once and ends, to be run under callgrind: node counted.js CANDIDATE URL FILE COUNT
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AccessToken } from '../../../kis/input/accessToken';
import type { revokeTokens } from '../../../kis/revoke/revokeTokens';
import type { App } from '../../sandbox/apps';
import { UNLIMITED } from '../candidates/candidate';
import { bareUndici } from '../candidates/loops';

/** What the process reads. */
export interface Tokens {
	readonly app: App;
	readonly tokens: readonly string[];
}

/** Under callgrind everything takes some fifty times as long: no timeout may pass. */
const NO_TIMEOUT_MS = 60 * 60 * 1000;
const SLOWNESS = 50;

interface Client {
	readonly revokeTokens: typeof revokeTokens;
}
interface Input {
	readonly parseAccessToken: (text: string) => AccessToken;
}

const requireBuilt = createRequire(__filename);
const built = (file: string) => requireBuilt(`../../../dist/kis/${file}`) as unknown;

/** The client of the package, without n8n and without the node. */
async function client(url: string, { app, tokens }: Tokens): Promise<void> {
	const { revokeTokens } = built('revoke/revokeTokens') as Client;
	const { parseAccessToken } = built('input/accessToken') as Input;
	const revocations = await revokeTokens(
		{
			...app,
			environment: 'custom',
			baseUrl: new URL(url),
			bringsToken: false,
			pacesRequests: false,
			redis: null,
		},
		tokens.map(parseAccessToken),
		{
			maxRetries: 0,
			askBeforeUnknown: false,
			requestsPerSecond: UNLIMITED,
			timeoutMs: NO_TIMEOUT_MS,
			executionId: 'counted',
			cancel: new AbortController().signal,
		},
	);
	const dead = [...revocations.values()].filter(({ outcome }) => outcome === 'revoked');
	if (dead.length !== tokens.length) throw new Error('not every token was revoked');
}

// By the true clock each token would have a turn of the event loop to itself, or several on a busy computer.
const trueTime = performance.now.bind(performance);
performance.now = () => trueTime() / SLOWNESS;

const [candidate, url, file, count] = process.argv.slice(2);
const { app, tokens } = JSON.parse(readFileSync(file, 'utf8')) as Tokens;
const some = tokens.slice(0, Number(count));
void (candidate === 'client'
	? client(url, { app, tokens: some })
	: bareUndici.run({ url, app, tokens: some, limit: null }));
