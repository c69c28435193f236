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
 * Names a run of the node within its execution: one name for every try of a "Retry On Fail".
 *
 * A tool that its agent calls itself may get one number for calls about different items, and another for each try (seen with
 * AI Agent 2 in n8n 2.40, and in n8n 1.x). Each of its calls has a name of its own.
 */
export function runKey(context: IExecuteFunctions): string {
	if (isCalledByAgent(context)) return randomUUID();
	const { $runIndex } = context.getWorkflowDataProxy(0);
	return JSON.stringify([context.getNode().name, $runIndex]);
}

/** Names the run if n8n may try it again; else `null`. To name a run takes a millisecond at first. */
export function retriedRun(context: IExecuteFunctions): string | null {
	return context.getNode().retryOnFail ? runKey(context) : null;
}

/**
 * Tells whether the node runs as a tool of an AI agent, so that its output goes to a model.
 *
 * Newer n8n runs the tools of AI Agent 3 like any other node, and only the type of the node tells.
 */
export function isTool(context: IExecuteFunctions): boolean {
	return isCalledByAgent(context) || context.getNode().type.endsWith('Tool');
}

/**
 * Tells whether an agent calls the node as its tool, past n8n's engine. n8n 1.x does not say so, but only a sub-node is told
 * there which run comes next.
 */
function isCalledByAgent(context: IExecuteFunctions): boolean {
	const host: Partial<IExecuteFunctions> = context;
	return host.isToolExecution ? host.isToolExecution() : 'getNextRunIndex' in host;
}
