import { createRequire } from 'node:module';
import type { ICredentialType, IDataObject, INodeExecutionData } from 'n8n-workflow';

import { standIn } from '../../engine/nodes';
import { encryptCredential } from '../../engine/run';
import type { Candidate } from './candidate';
import { runInEngine } from './inEngine';

export const QUOTE_PATH = '/uapi/domestic-stock/v1/quotations/inquire-price';

/** Sends all concurrently, and waits for no answer before the next request, as n8n's HTTP Request node does. */
const node = standIn(
	'httpRequest',
	async function () {
		const items = this.getInputData().map(async (_item, i): Promise<INodeExecutionData> => {
			const request = {
				uri: this.getNodeParameter('url', i) as string,
				qs: { FID_COND_MRKT_DIV_CODE: 'J', FID_INPUT_ISCD: '005930' },
				headers: { tr_id: 'FHKST01010100' },
				json: true,
			};
			// eslint-disable-next-line @n8n/community-nodes/no-deprecated-workflow-functions -- the HTTP Request node calls this one
			const answer = this.helpers.requestWithAuthentication.call(this, 'kisApi', request);
			const json = await answer.catch((error: Error) => ({ error: error.message }));
			return { json: json as IDataObject, pairedItem: { item: i } };
		});
		return [await Promise.all(items)];
	},
	['kisApi'],
);

/** Asks for a quote for each token, and leaves the tokens alone: n8n's HTTP Request node with the credential of this package. */
export function quotes(label: string, fields: IDataObject = {}): Candidate {
	return {
		label,
		async run(task) {
			const { KisApi } = createRequire(__filename)('../../../dist') as {
				KisApi: new () => ICredentialType;
			};
			const credential = { ...task.app, environment: 'custom', baseUrl: task.url, ...fields };
			return await runInEngine(
				{
					type: 'n8n-nodes-base.httpRequest',
					node,
					parameters: { url: task.url + QUOTE_PATH },
					settings: { credentials: { kisApi: { id: 'kis', name: 'kis' } } },
					credentialTypes: [new KisApi()],
					credentials: [await encryptCredential('kis', 'kisApi', credential as never)],
				},
				task,
			);
		},
	};
}
