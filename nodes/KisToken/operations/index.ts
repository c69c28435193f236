import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import * as revoke from './revoke';

/** What the node can do with a token: everything that n8n has to know of it, in one place. */
export interface Operation {
	/** As shown in the dropdown. */
	readonly option: { name: string; value: string; action: string; description: string };
	/** Shown while the operation is selected. */
	readonly fields: INodeProperties[];
	/** One item for each item in, in their order. */
	execute(this: void, context: IExecuteFunctions): Promise<INodeExecutionData[]>;
}

export const operations = { revoke } as const satisfies Record<string, Operation>;

/** What the parameter `operation` says; `undefined` for what this node cannot do (a workflow edited by hand). */
export function operationOf(name: unknown): Operation | undefined {
	return Object.entries(operations).find(([known]) => known === name)?.[1];
}
