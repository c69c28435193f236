import type { IExecuteFunctions } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { standIn } from '../../tools/engine/nodes';
import { encryptCredential, makeNode, runWorkflow } from '../../tools/engine/run';

export interface LentContext {
	/** What n8n gives a node to execute with. */
	readonly context: IExecuteFunctions;
	/** Ends the execution. */
	giveBack(): Promise<void>;
}

/** Runs a node that does nothing but lend its context, with a KIS API credential, for as long as a test needs it. */
export async function lendContext(
	fields: Record<string, string | boolean> = {},
): Promise<LentContext> {
	const stored = await encryptCredential('kis', 'kisApi', fields);
	const node = {
		...makeNode('Lender', 'lender', {}),
		credentials: { kisApi: { id: 'kis', name: 'kis' } },
	};
	let end = () => {};
	const ended = new Promise<void>((resolve) => (end = resolve));
	return await new Promise((resolve) => {
		const lender = standIn(
			'lender',
			async function () {
				const giveBack = async () => {
					end();
					await execution;
				};
				resolve({ context: this, giveBack });
				await ended;
				return [[]];
			},
			['kisApi'],
		);
		const execution = runWorkflow(
			{ nodes: [node], connections: {} },
			{ nodeTypes: { lender }, credentialTypes: [new KisApi()], credentials: [stored] },
		);
	});
}
