import { createRequire } from 'node:module';
import type { INodeExecutionData, IRunExecutionData } from 'n8n-workflow';

import type { Installation } from './install';

/** An execution as n8n stored it. */
export type StoredRun = IRunExecutionData;

/** Reads what n8n wrote, with the library it wrote it with. */
export function readStored({ n8n }: Installation, data: string): StoredRun {
	const { parse } = createRequire(n8n)('flatted') as { parse: (text: string) => StoredRun };
	return parse(data);
}

/** What a node gave out the last time it ran, of one of its outputs. */
export function itemsOf(run: StoredRun, node: string, output = 0): INodeExecutionData[] {
	return run.resultData.runData[node]?.at(-1)?.data?.main[output] ?? [];
}

/**
 * All of an execution but the fields `access_token` of items: there the step that issues the token gave it out, and n8n
 * stores it with what the next step received.
 */
export function withoutEmittedTokens(run: StoredRun): string {
	return JSON.stringify(run, (key, value: unknown) => (key === 'access_token' ? null : value));
}
