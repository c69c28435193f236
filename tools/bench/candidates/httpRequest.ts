import {
	sleep,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
} from 'n8n-workflow';

import { standIn } from '../../engine/nodes';
import { REVOKE_PATH, revokeFields, type Candidate } from './candidate';
import { runInEngine } from './inEngine';

/** The option Batching of the HTTP Request node. */
interface Batching {
	/** Requests before each pause. */
	readonly batchSize: number;
	/** The pause, in milliseconds. */
	readonly batchInterval: number;
}

interface HelperResponse {
	readonly body: Parameters<IExecuteFunctions['helpers']['binaryToBuffer']>[0];
}

const NO_PAUSES: Batching = { batchSize: 1, batchInterval: 0 };
const FIVE_MINUTES_MS = 5 * 60 * 1000;

/**
 * Calls n8n's HTTP helper as its HTTP Request node does (4.2, read in n8n 2.40.5): reads its parameters for each item,
 * pauses before each batch but the first, and waits for no answer before the next request. What that node does beside,
 * such as showing requests in the editor, is left out.
 */
const node = standIn('httpRequest', async function () {
	const requests: Array<Promise<HelperResponse>> = [];
	for (const [i] of this.getInputData().entries()) {
		const { options, batching } = readItem(this, i);
		const { batchSize, batchInterval } = batching;
		if (i > 0 && batchInterval > 0 && i % batchSize === 0) await sleep(batchInterval);
		// eslint-disable-next-line @n8n/community-nodes/no-deprecated-workflow-functions -- the HTTP Request node calls this one
		const request = this.helpers.request(options) as Promise<HelperResponse>;
		request.catch(() => {});
		requests.push(request);
	}
	const responses = await Promise.allSettled(requests);
	const items = responses.map(async (response, i): Promise<INodeExecutionData> => {
		const json =
			response.status === 'fulfilled'
				? await readBody(this, response.value)
				: { error: String(response.reason) };
		return { json, pairedItem: { item: i } };
	});
	return [await Promise.all(items)];
});

function readItem(context: IExecuteFunctions, i: number) {
	const read = <T>(name: string, absent: T) => context.getNodeParameter(name, i, absent) as T;
	const uri = read('url', '');
	const method = read<'POST'>('method', 'POST');
	// That node reads these too, for each item.
	for (const unused of ['sendQuery', 'queryParameters', 'sendHeaders', 'headerParameters']) {
		read(unused, null);
	}
	const fields = read('bodyParameters.parameters', [] as ReturnType<typeof revokeFields>);
	const batching = read('options.batching.batch', NO_PAUSES);
	const options = {
		headers: { accept: 'application/json,*/*;q=0.7', 'content-type': 'application/json' },
		method,
		uri,
		body: Object.fromEntries(fields.map(({ name, value }) => [name, value])),
		gzip: true,
		rejectUnauthorized: true,
		followRedirect: true,
		followAllRedirects: true,
		resolveWithFullResponse: true,
		timeout: FIVE_MINUTES_MS,
		encoding: null,
		json: false,
		useStream: true,
	};
	return { options, batching };
}

async function readBody(
	context: IExecuteFunctions,
	{ body }: HelperResponse,
): Promise<IDataObject> {
	const buffer = await context.helpers.binaryToBuffer(body);
	return JSON.parse(buffer.toString()) as IDataObject;
}

/** The HTTP Request node, with the pauses of its option Batching if any are given. */
export function httpRequest(label: string, batch?: Batching): Candidate {
	return {
		label,
		async run(task) {
			return await runInEngine(
				{
					type: 'n8n-nodes-base.httpRequest',
					node,
					parameters: {
						method: 'POST',
						url: task.url + REVOKE_PATH,
						bodyParameters: { parameters: revokeFields(task.app) },
						options: batch ? { batching: { batch: { ...batch } } } : {},
					},
				},
				task,
			);
		},
	};
}
