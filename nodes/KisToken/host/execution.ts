import { randomUUID } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';

/** Returns a signal that aborts when the execution is stopped. There is one for each execution. */
export function cancelSignal(context: IExecuteFunctions): AbortSignal {
	return context.getExecutionCancelSignal() ?? new AbortController().signal;
}

const unsavedExecutions = new WeakMap<AbortSignal, string>();

/** Names the execution: one name for all of its nodes and for every try of a "Retry On Fail". */
export function executionKey(context: IExecuteFunctions): string {
	const id = context.getExecutionId();
	if (id) return id;
	// An engine without a database gives no id, but does give a signal for each execution.
	const signal = cancelSignal(context);
	const name = unsavedExecutions.get(signal) ?? `unsaved ${randomUUID()}`;
	unsavedExecutions.set(signal, name);
	return name;
}

/**
 * Tells whether the node runs as a tool of an AI agent, so that its output goes to a model.
 *
 * n8n 1.x has no `isToolExecution`. Newer n8n runs a tool like any other node, and only the type of the node tells.
 */
export function isTool(context: IExecuteFunctions): boolean {
	const host: Partial<IExecuteFunctions> = context;
	return host.isToolExecution?.() === true || context.getNode().type.endsWith('Tool');
}
