import { inspect } from './inspect/inspect';
import { issue } from './issue/issue';
import type { Operation } from './operation';
import { revoke } from './revoke/revoke';

/** What the node can do with a token, by the value of the parameter `operation`, in the order of the dropdown. */
export const operations: Readonly<Record<string, Operation>> = { inspect, issue, revoke };

/** What the parameter says; `undefined` for what this node cannot do (a workflow edited by hand). */
export function operationOf(name: unknown): Operation | undefined {
	return typeof name === 'string' && Object.hasOwn(operations, name) ? operations[name] : undefined;
}
