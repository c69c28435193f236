import { randomUUID } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';

import { EgressRefusal, type EgressRules } from '../../kis/http/egress';

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

/** What the node gives out goes to an AI model. Newer n8n runs a tool like any node, and only its type tells; 1.x has no `isToolExecution`. */
export function isTool(context: IExecuteFunctions): boolean {
	const host: Partial<IExecuteFunctions> = context;
	return host.isToolExecution?.() === true || context.getNode().type.endsWith('Tool');
}

/** n8n's rules for outgoing connections. n8n 1.x offers none to nodes; rules that cannot be asked allow nothing. */
export function egressRules(context: IExecuteFunctions): EgressRules | undefined {
	try {
		const offered: Partial<IExecuteFunctions['helpers']> = context.helpers;
		const filter = offered.getSecureEgressFilter?.();
		if (!filter) return undefined;
		const secureLookup = filter.createSecureLookup();
		return {
			async check(url) {
				try {
					const result = await filter.validateUrl(url);
					if (!result.ok) throw result.error;
				} catch (error) {
					throw obstacle(error);
				}
			},
			lookup: (hostname, options, found) =>
				secureLookup(hostname, options, (error, ...address) =>
					found(error && obstacle(error), ...address),
				),
		};
	} catch {
		return {
			lookup: (_hostname, _options, answer) => answer(obstacle(null), []),
			async check() {
				throw obstacle(null);
			},
		};
	}
}

/** n8n's filter fails with its refusal, or because a name cannot be resolved: a DNS failure is not a refusal. */
function obstacle(error: unknown): Error {
	const { syscall, message }: Partial<NodeJS.ErrnoException> = error ?? {};
	const isRefusal = syscall === undefined;
	return isRefusal
		? new EgressRefusal(message ?? 'The address could not be checked.')
		: (error as Error);
}
