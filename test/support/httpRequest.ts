// Start → a node that sends requests with the KIS API credential, through each of the helpers that n8n's nodes use.
import type { IDataObject, IRun } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { standIn } from '../../tools/engine/nodes';
import { HELPERS, type Helper, type Sending } from '../../tools/engine/requests';
import { encryptCredential, makeNode, outputOf, runWorkflow } from '../../tools/engine/run';

export { HELPERS, type Helper, type Sending };

export interface Setup {
	readonly helper?: Helper;
	/** How many items go in; 1 by default. */
	readonly items?: number;
	/** Beside those that point at the host. */
	readonly credential?: IDataObject;
	readonly stop?: AbortSignal;
}

export interface Sent {
	/** All that n8n would store of the execution. */
	readonly stored: IRun;
	/** One for each item that was answered. */
	readonly answers: IDataObject[];
	/** One for each that was not. */
	readonly errors: Array<{ readonly message: string; readonly description: string }>;
}

/** A key pair and the host that accepts it. */
export interface Host {
	readonly keys: { readonly appkey: string; readonly appsecret: string };
	readonly url: string;
}

/** Sends the same request for each item, concurrently. */
export async function send(host: Host, sending: Sending, setup: Setup = {}): Promise<Sent> {
	const { helper = 'requestWithAuthentication', items = 1, credential = {}, stop } = setup;
	const node = standIn(
		'httpRequest',
		async function () {
			const results = this.getInputData().map(async () => {
				try {
					return { json: { answer: await HELPERS[helper](this, sending) } as IDataObject };
				} catch (error) {
					const { message, description } = error as Sent['errors'][number];
					return { json: { error: { message, description } } };
				}
			});
			return [await Promise.all(results)];
		},
		['kisApi'],
	);
	const fields = { ...host.keys, environment: 'custom', baseUrl: host.url, ...credential };
	const stored = await runWorkflow(
		{
			nodes: [
				makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
				{
					...makeNode('Request', 'sender', {}),
					credentials: { kisApi: { id: 'kis', name: 'kis' } },
				},
			],
			connections: { Start: { main: [[{ node: 'Request', type: 'main', index: 0 }]] } },
		},
		{
			nodeTypes: { sender: node },
			credentialTypes: [new KisApi()],
			credentials: [await encryptCredential('kis', 'kisApi', fields as never)],
			input: Array.from({ length: items }, () => ({ json: {} })),
			stop,
		},
	);
	// What fails goes out at the output for errors.
	const given = [...outputOf(stored, 'Request'), ...outputOf(stored, 'Request', 1)];
	const all = given.map(({ json }) => json);
	return {
		stored,
		answers: all.flatMap(({ answer }) => (answer === undefined ? [] : [answer as IDataObject])),
		errors: all.flatMap(({ error }) => (error ? [error as Sent['errors'][number]] : [])),
	};
}
