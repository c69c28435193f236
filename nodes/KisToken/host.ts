import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns';
import type { IExecuteFunctions } from 'n8n-workflow';

import type { EgressRules } from '../../kis/http/connection';

/** The Stop button of the execution that the node runs in. */
export function cancelSignal(context: IExecuteFunctions): AbortSignal {
	return context.getExecutionCancelSignal() ?? new AbortController().signal;
}

/** Names the execution: the same for all its nodes, and for all tries of a "Retry On Fail". */
export function executionKey(context: IExecuteFunctions): string {
	const id = context.getExecutionId();
	if (id) return id;
	// An engine without a database gives no id; the signal is one per execution too.
	const signal = cancelSignal(context);
	const name = unsavedExecutions.get(signal) ?? `unsaved ${randomUUID()}`;
	unsavedExecutions.set(signal, name);
	return name;
}

const unsavedExecutions = new WeakMap<AbortSignal, string>();

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
