import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Failure, ItemReport } from '../report/itemReport';
import type { Notices } from '../report/output';

/** An operation of the node. The dropdown, the fields, the dispatch and the tables of the docs come from it. */
export interface Operation<Name extends string = string> extends Notices {
	/** Shown in the dropdown; `action` is shown in the list of nodes. */
	readonly option: { readonly name: string; readonly action: string; readonly description: string };
	/** The KIS endpoint that it calls, always or on request, such as `POST /oauth2/revokeP`. */
	readonly endpoint: string;
	/** Words by which n8n's node search finds it, in English and in KIS's terms. */
	readonly searchWords: readonly string[];
	/** Shown while the operation is selected. */
	readonly fields: readonly INodeProperties[];
	/** The fields of an output item besides `outcome`, with their JSON types. */
	readonly output: Readonly<Record<string, JsonType>>;
	readonly outcomes: readonly Name[];
	/** The report on every item if the node itself fails. */
	readonly brokenRun: Failure<Name>;
	/** Processes the input items. Resolves to one report per item, in order. */
	run(this: void, context: IExecuteFunctions): Promise<Array<ItemReport<Name>>>;
}

export type JsonType = 'string' | 'number' | 'boolean';
