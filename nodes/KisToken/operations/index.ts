import { inspect } from './inspect';
import { issue } from './issue/issue';
import type { Operation } from './operation';
import { revoke } from './revoke/revoke';

/** What the node can do with a token, in the order of the dropdown. */
export const operations = { inspect, issue, revoke } as const satisfies Record<string, Operation>;

/** What the parameter `operation` says; `undefined` for what this node cannot do (a workflow edited by hand). */
export function operationOf(name: unknown): Operation | undefined {
	return Object.entries(operations).find(([known]) => known === name)?.[1];
}
