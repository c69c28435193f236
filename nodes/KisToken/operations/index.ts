import { inspect } from './inspect/inspect';
import { issue } from './issue/issue';
import type { Operation } from './operation';
import { revoke } from './revoke/revoke';

/** The node's operations by the value of the parameter `operation`, in the order of the dropdown. */
export const operations: Readonly<Record<string, Operation>> = { inspect, issue, revoke };

/** Finds an operation by its name; `undefined` if this node has no such operation (a workflow edited by hand). */
export function operationOf(name: unknown): Operation | undefined {
	return typeof name === 'string' && Object.hasOwn(operations, name) ? operations[name] : undefined;
}
