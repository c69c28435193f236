import type { LookupFunction } from 'node:net';

import { EGRESS_REFUSED } from './transportCodes';

/** What a host program imposes on outgoing connections (n8n's SSRF protection). */
export interface EgressRules {
	/** Rejects with what keeps the address from being called: an {@link EgressRefusal}, or that its name cannot be resolved. */
	check(url: URL): Promise<void>;
	/** Used in place of `dns.lookup`, so that the address that was checked is the one that is called. Fails as `check` does. */
	readonly lookup: LookupFunction;
}

/** The rules forbid the address. The message is the host's own. */
export class EgressRefusal extends Error {
	readonly code = EGRESS_REFUSED;
}
