import { createRequire } from 'node:module';
import type { ICredentialType, INodeType } from 'n8n-workflow';

import type { Product } from './workflow';

/** What users get: the built package, not the source. */
export function loadProduct(): Product {
	const { KisApi, KisToken } = createRequire(__filename)('../../dist') as {
		KisApi: new () => ICredentialType;
		KisToken: new () => INodeType;
	};
	return { node: new KisToken(), credential: new KisApi() };
}
