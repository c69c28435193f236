import { createRequire } from 'node:module';
import type { IDataObject, INodeExecutionData, IRunExecutionData } from 'n8n-workflow';

import type { Installation } from './install';

/** An execution as n8n stored it. */
export type StoredRun = IRunExecutionData;
/** One that n8n has not stored, or not yet. */
type EmptyRun = { readonly resultData?: undefined };

/** Reads what n8n wrote, with the library it wrote it with; of an execution without data, nothing is known. */
export function readStored({ n8n }: Installation, data: string): StoredRun | EmptyRun {
	const { parse } = createRequire(n8n)('flatted') as { parse: (text: string) => StoredRun };
	return parse(data) ?? {};
}

/** What a node gave out the last time it ran, of one of its outputs. */
export function itemsOf(run: StoredRun, node: string, output = 0): INodeExecutionData[] {
	return run.resultData.runData[node]?.at(-1)?.data?.main[output] ?? [];
}

/**
 * All of an execution but where a step gave a token out: the field `access_token` of items, which n8n stores with what
 * the next step received, and what the HTTP Request node keeps of its own answer.
 *
 * @param source The HTTP Request node that gives the tokens.
 */
export function withoutEmittedTokens(run: StoredRun | EmptyRun, source: string): string {
	return JSON.stringify(run, (key, value: unknown) => {
		if (key === `node:${source}`) return undefined;
		return key === 'json' ? { ...(value as IDataObject), access_token: undefined } : value;
	});
}
