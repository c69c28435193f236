import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IDataObject, INode } from 'n8n-workflow';

import { ENVIRONMENTS } from '../../kis/input/environments';
import type { App } from '../sandbox/apps';
import type { Sandbox } from '../sandbox/server';
import type { CredentialFile, WorkflowFile } from './server';

const nodeType = 'n8n-nodes-koreainvestment.kisToken';

/** A credential that points at the sandbox. */
export function credentialFor(sandbox: Sandbox, app: App, id: string): CredentialFile {
	const data = { ...app, environment: 'custom', baseUrl: sandbox.url };
	return { id, name: `KIS ${id}`, type: 'kisApi', data };
}

type Step = Partial<INode> & Pick<INode, 'name' | 'type'>;

/**
 * Start → the first step → the next …, which n8n stores whatever becomes of it.
 *
 * @param start What starts it, if not a click.
 */
export function chain(
	id: string,
	steps: readonly Step[],
	start: Omit<Step, 'name'> = { type: 'n8n-nodes-base.manualTrigger' },
): WorkflowFile {
	const nodes = [{ name: 'Start', ...start }, ...steps].map(
		(step, place): INode => ({
			id: randomUUID(),
			typeVersion: 1,
			position: [place * 220, 0],
			parameters: {},
			...step,
		}),
	);
	const links = nodes.slice(0, -1).map(({ name }, place) => {
		const next = { node: nodes[place + 1].name, type: 'main' as const, index: 0 };
		return [name, { main: [[next]] }];
	});
	return {
		id,
		name: id,
		nodes,
		connections: Object.fromEntries(links) as WorkflowFile['connections'],
		settings: { executionOrder: 'v1' },
		active: false,
	};
}

/** What starts a workflow: a webhook of its name. */
export function webhook(id: string, parameters: INode['parameters'] = {}) {
	const start = { type: 'n8n-nodes-base.webhook', typeVersion: 2, webhookId: id };
	return { ...start, parameters: { path: id, ...parameters } };
}

/** The node of this package. */
export function kisToken(
	name: string,
	credential: string,
	parameters: IDataObject,
	more: Partial<INode> = {},
): Step {
	return {
		name,
		type: nodeType,
		parameters: parameters as INode['parameters'],
		credentials: { kisApi: { id: credential, name: `KIS ${credential}` } },
		...more,
	};
}

/** n8n's HTTP Request node. */
export function httpRequest(name: string, url: string, more: Partial<INode> = {}): Step {
	const type = 'n8n-nodes-base.httpRequest';
	return { name, type, typeVersion: 4.2, ...more, parameters: { url, ...more.parameters } };
}

/** n8n's HTTP Request node with a credential. */
export function requestWith(credential: string, url: string, parameters: IDataObject = {}): Step {
	return httpRequest('Request', url, {
		parameters: {
			authentication: 'predefinedCredentialType',
			nodeCredentialType: 'kisApi',
			...parameters,
		} as INode['parameters'],
		credentials: { kisApi: { id: credential, name: `KIS ${credential}` } },
	});
}

/** Parameters that make it an order. */
export const AS_ORDER = {
	method: 'POST',
	sendBody: true,
	specifyBody: 'json',
	jsonBody: '{"ORD_QTY":"1"}',
};

/** One of `examples/`, for the sandbox and a credential that there is, and otherwise as it is. */
export function example(file: string, sandbox: Sandbox, credential: string): WorkflowFile {
	const text = readFileSync(join(__dirname, '../../examples', file), 'utf8')
		.replaceAll(String(ENVIRONMENTS.paper.baseUrl), sandbox.url)
		.replaceAll('choose-your-own', credential);
	return { ...(JSON.parse(text) as WorkflowFile), id: file.replace('.json', ''), active: false };
}
