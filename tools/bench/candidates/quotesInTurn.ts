import { createRequire } from 'node:module';
import type { ICredentialType, IDataObject, INodeExecutionData } from 'n8n-workflow';

import { standIn } from '../../engine/nodes';
import { encryptCredential } from '../../engine/run';
import type { Candidate, Task } from './candidate';
import { runInEngine } from './inEngine';
import { QUOTE_PATH } from './quotes';
import { timed } from './timed';

type Header = Record<'name' | 'value', string>;

/** Who sets the headers of a request for a quote, apart from `tr_id`. */
export type HeadersBy = 'workflow' | 'keyPairByCredential' | 'credential';

/** Sends one request after the other, so that the time of each counts. */
const node = standIn(
	'httpRequest',
	async function () {
		const items: INodeExecutionData[] = [];
		for (const [i] of this.getInputData().entries()) {
			const headers = this.getNodeParameter('headerParameters.parameters', i, []) as Header[];
			const request = {
				uri: this.getNodeParameter('url', i) as string,
				qs: { FID_COND_MRKT_DIV_CODE: 'J', FID_INPUT_ISCD: '005930' },
				headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
				json: true,
			};
			const answer = (await (this.getNode().credentials
				? // eslint-disable-next-line @n8n/community-nodes/no-deprecated-workflow-functions -- the HTTP Request node calls this one
					this.helpers.requestWithAuthentication.call(this, 'kisApi', request)
				: // eslint-disable-next-line @n8n/community-nodes/no-deprecated-workflow-functions -- the HTTP Request node calls this one
					this.helpers.request(request))) as IDataObject;
			items.push({ json: answer, pairedItem: { item: i } });
		}
		return [items];
	},
	['kisApi'],
);

/** Asks for a quote for each token, one after the other. The tokens stay alive. */
export function quotesInTurn(label: string, by: HeadersBy): Candidate {
	return {
		label,
		async run(task) {
			return await runInEngine(
				{
					type: 'n8n-nodes-base.httpRequest',
					node,
					parameters: {
						url: task.url + QUOTE_PATH,
						headerParameters: { parameters: headersOf(task, by) },
					},
					...(by === 'workflow' ? {} : await credentialFor(task)),
				},
				task,
			);
		},
	};
}

function headersOf({ app, tokens }: Task, by: HeadersBy): Header[] {
	const headers = {
		tr_id: 'FHKST01010100',
		...(by !== 'credential' && { authorization: `Bearer ${tokens[0]}` }),
		...(by === 'workflow' && app),
	};
	return Object.entries(headers).map(([name, value]) => ({ name, value }));
}

/** Only prepares a request for each token, as the credential does before n8n sends it. Its first asks KIS for a token. */
export const prepareQuotes: Candidate = {
	label: "the credential's part alone; nothing is sent",
	run: async (task) =>
		await timed(async () => {
			const { authenticate } = makeCredentialType();
			if (typeof authenticate !== 'function') throw new Error('The credential prepares no request');
			for (let i = 0; i < task.tokens.length; i++) {
				const headers = { tr_id: 'FHKST01010100' };
				await authenticate(fieldsFor(task), { url: task.url + QUOTE_PATH, method: 'GET', headers });
			}
		}),
};

function makeCredentialType(): ICredentialType {
	const { KisApi } = createRequire(__filename)('../../../dist') as {
		KisApi: new () => ICredentialType;
	};
	return new KisApi();
}

/** As the credential comes, without its pace, which would only wait. */
function fieldsFor({ app, url }: Task) {
	return { ...app, environment: 'custom', baseUrl: url, paceRequests: false };
}

async function credentialFor(task: Task) {
	return {
		settings: { credentials: { kisApi: { id: 'kis', name: 'kis' } } },
		credentialTypes: [makeCredentialType()],
		credentials: [await encryptCredential('kis', 'kisApi', fieldsFor(task) as never)],
	};
}
