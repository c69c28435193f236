import type { LookupFunction } from 'node:net';

import { EGRESS_REFUSED } from './transportCodes';

/** The host program's rules for outgoing connections: n8n's SSRF protection. */
export interface EgressRules {
	/** Rejects if the address may not be called: with an {@link EgressRefusal}, or with the DNS error. */
	check(url: URL): Promise<void>;
	/** Replaces `dns.lookup`, so that the address that was checked is the one that is called. Fails like `check`. */
	readonly lookup: LookupFunction;
}

/** The rules forbid the address. The message is the host's own. */
export class EgressRefusal extends Error {
	readonly code = EGRESS_REFUSED;
}
