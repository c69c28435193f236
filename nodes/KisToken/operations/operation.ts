import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Notices } from '../report/output';
import type { Failure, ItemReport } from '../report/itemReport';

/** Something the node can do: everything that n8n, and whoever reads the docs, has to know of it. */
export interface Operation<Name extends string = string> extends Notices {
	/** As shown in the dropdown and, as `action`, in the list of nodes. */
	readonly option: { readonly name: string; readonly action: string; readonly description: string };
	/** What it calls of KIS, such as `POST /oauth2/revokeP`, be it always or on request. */
	readonly endpoint: string;
	/** By which n8n's node search finds it, in English and in KIS's terms. */
	readonly searchWords: readonly string[];
	/** Shown while the operation is selected. */
	readonly fields: readonly INodeProperties[];
	/** The fields of an item that it gives out, beside `outcome`, as JSON types. */
	readonly output: Readonly<Record<string, JsonType>>;
	readonly outcomes: readonly Name[];
	/** For every item of a run that broke in the node itself. */
	readonly brokenRun: Failure<Name>;
	/** One report for each item in, in their order. */
	run(this: void, context: IExecuteFunctions): Promise<Array<ItemReport<Name>>>;
}

export type JsonType = 'string' | 'number' | 'boolean';
