import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Failure, Report } from '../report/report';

/** Something the node can do: everything that n8n, and whoever reads the docs, has to know of it. */
export interface Operation {
	/** As shown in the dropdown. */
	readonly option: {
		readonly name: string;
		readonly value: string;
		readonly action: string;
		readonly description: string;
	};
	/** What it calls of KIS, such as `POST /oauth2/revokeP`; `null` if nothing is sent. */
	readonly endpoint: string | null;
	/** By which n8n's node search finds it, in English and in KIS's terms. */
	readonly searchWords: readonly string[];
	/** Shown while the operation is selected. */
	readonly fields: readonly INodeProperties[];
	/** The fields of an item that it gives out, as JSON types. */
	readonly output: Readonly<Record<string, JsonType>>;
	/** What failed items have in common, as in `3 of 5 items not confirmed as revoked`. */
	readonly shortfall: string;
	/** For every item of a run that broke in the node itself. */
	readonly brokenRun: Failure;
	/** One report for each item in, in their order. */
	run(this: void, context: IExecuteFunctions): Promise<Report[]>;
}

export type JsonType = 'string' | 'number' | 'boolean';
