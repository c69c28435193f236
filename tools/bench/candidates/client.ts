import { createRequire } from 'node:module';

import type { AccessToken } from '../../../kis/input/accessToken';
import type { revokeTokens } from '../../../kis/revoke/revokeTokens';
import { UNLIMITED, type Candidate } from './candidate';
import { timed } from './timed';

/** Under callgrind everything takes some fifty times as long: no timeout may pass. */
const NO_TIMEOUT_MS = 60 * 60 * 1000;

interface Client {
	readonly revokeTokens: typeof revokeTokens;
}
interface Input {
	readonly parseAccessToken: (text: string) => AccessToken;
}

const requireBuilt = createRequire(__filename);
const built = (file: string) => requireBuilt(`../../../dist/kis/${file}`) as unknown;

let runs = 0;

/** The client of the built package, without n8n and without the node. */
export const client: Candidate = {
	label: 'the client of this package',
	async run({ url, app, tokens }) {
		const { revokeTokens } = built('revoke/revokeTokens') as Client;
		const { parseAccessToken } = built('input/accessToken') as Input;
		return await timed(async () => {
			const revocations = await revokeTokens(
				{
					...app,
					environment: 'custom',
					baseUrl: new URL(url),
					mayCallUnasked: true,
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
					executionId: `run ${++runs}`,
					cancel: new AbortController().signal,
				},
			);
			const dead = [...revocations.values()].filter(({ outcome }) => outcome === 'revoked');
			if (dead.length !== tokens.length) throw new Error('not every token was revoked');
		});
	},
};
