import { lookup } from 'node:dns';
import type { IExecuteFunctions } from 'n8n-workflow';

import type { EgressRules } from '../../kis/http/connection';
import type { ExecutionKey } from '../../kis/tokenMemory';

/** The Stop button of the execution that the node runs in. */
export function cancelSignal(context: IExecuteFunctions): AbortSignal {
	return context.getExecutionCancelSignal() ?? new AbortController().signal;
}

/** The same for every node and every try of one execution. */
export function executionKey(context: IExecuteFunctions): ExecutionKey {
	// An engine without a database gives no id; the signal is one per execution too.
	return context.getExecutionId() ?? context.getExecutionCancelSignal() ?? context;
}

/** n8n's rules for outgoing connections. n8n 1.x offers none to nodes; rules that cannot be asked allow nothing. */
export function egressRules(context: IExecuteFunctions): EgressRules | undefined {
	const notChecked = 'The address could not be checked.';
	try {
		const offered: Partial<IExecuteFunctions['helpers']> = context.helpers;
		const filter = offered.getSecureEgressFilter?.();
		if (!filter) return undefined;
		return {
			lookup: filter.createSecureLookup(),
			async forbids(url) {
				try {
					const result = await filter.validateUrl(url);
					return result.ok ? null : result.error.message;
				} catch {
					return notChecked;
				}
			},
		};
	} catch {
		return { lookup, forbids: async () => notChecked };
	}
}
