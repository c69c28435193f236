import { createRequire } from 'node:module';
import type { ICredentialType, INodeType } from 'n8n-workflow';

import type { AccessToken } from '../../kis/input/accessToken';
import type { KisCredential } from '../../kis/input/credential';
import type { DeadTokens } from '../../kis/memory/deadTokens';
import type { Product } from './workflow';

const requireBuilt = createRequire(__filename);

/** What users get: the built package, not the source. */
export function loadProduct(): Product {
	const { KisApi, KisToken } = requireBuilt('../../dist') as {
		KisApi: new () => ICredentialType;
		KisToken: new () => INodeType;
	};
	keepDeadTokens();
	return { node: new KisToken(), credential: new KisApi() };
}

/**
 * Worlds whose clocks differ share the product's memory of dead tokens. It forgets the oldest first, up to one that is not
 * over yet: this one never is, so no world's clock makes it forget another's.
 */
function keepDeadTokens(): void {
	const { deadTokens } = requireBuilt('../../dist/kis/memory/deadTokens') as {
		deadTokens: DeadTokens;
	};
	const claims = { appkey: null, issuedAt: null, expiresAt: Infinity };
	const token = { value: 'never over', fingerprint: 'never over', claims } as AccessToken;
	const nobody = { appkey: '', baseUrl: new URL('http://127.0.0.1') } as KisCredential;
	deadTokens.add(token, nobody);
}
