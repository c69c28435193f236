import type { ICredentialDataDecryptedObject, IDataObject, INodeExecutionData } from 'n8n-workflow';

import { until } from '../common/until';
import { readStored, type StoredRun } from './execution';
import type { N8n } from './server';

const PATIENCE = { looks: 600, everyMs: 200 };

/** Who sets up the tests' n8n. */
export const OWNER = {
	email: 'owner@n8n.example',
	password: 'Kis-Owner-1',
	firstName: 'KIS',
	lastName: 'Owner',
};

/** What n8n says of an execution. */
export interface Execution {
	readonly id: string;
	readonly status: string;
	readonly run: StoredRun;
}

/** n8n's own API, as its editor uses it. */
export class Api {
	#cookie = '';

	private constructor(readonly n8n: N8n) {}

	/** Becomes the owner of a new n8n. */
	static async signUp(n8n: N8n): Promise<Api> {
		const api = new Api(n8n);
		await api.call('POST', '/owner/setup', OWNER);
		return api;
	}

	/** Starts a workflow as the editor's button does. @returns The execution's id. */
	async start(workflowId: string, trigger = 'Start'): Promise<string> {
		const workflow = await this.call('GET', `/workflows/${workflowId}`);
		const path = `/workflows/${workflowId}/run?partialExecutionVersion=2`;
		const answer = await this.call('POST', path, {
			workflowData: workflow,
			triggerToStartFrom: { name: trigger },
		});
		return String(answer.executionId);
	}

	/** Starts a workflow as the editor's button does, and waits for its end. */
	async run(workflowId: string, trigger?: string): Promise<Execution> {
		return await this.ended(await this.start(workflowId, trigger));
	}

	/** Waits for the end of an execution. */
	async ended(id: string): Promise<Execution> {
		let ended: Execution | undefined;
		await until(async () => {
			const { status, data } = await this.call('GET', `/executions/${id}`);
			if (['new', 'running', 'waiting'].includes(String(status))) return false;
			const run = readStored(this.n8n.installation, String(data));
			// n8n 1 says that an execution has ended before it has stored what came out.
			if (run.resultData) ended = { id, status: String(status), run };
			return ended !== undefined;
		}, PATIENCE);
		if (ended) return ended;
		throw new Error(`The execution ${id} did not end. n8n's log:\n${this.n8n.log.slice(-4000)}`);
	}

	/** Activates a workflow whose webhook has its name, and waits until that answers. */
	async activate(workflowId: string): Promise<void> {
		const { versionId } = await this.call('GET', `/workflows/${workflowId}`);
		await this.call('POST', `/workflows/${workflowId}/activate`, { versionId });
		// n8n registers a webhook a while after it says that the workflow is active.
		if (await until(async () => await this.#answers(workflowId), PATIENCE)) return;
		throw new Error(
			`The webhook ${workflowId} does not answer. n8n's log:\n${this.n8n.log.slice(-4000)}`,
		);
	}

	/** The executions of a workflow, however they were started. */
	async executionsOf(workflowId: string): Promise<string[]> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const { results } = await this.call('GET', `/executions?filter=${filter}&limit=100`);
		return (results as IDataObject[]).map(({ id }) => String(id));
	}

	/** The Stop button. */
	async stop(executionId: string): Promise<void> {
		await this.call('POST', `/executions/${executionId}/stop`, {});
	}

	/** The test in the credential's dialog. */
	async testCredential(
		type: string,
		data: ICredentialDataDecryptedObject,
	): Promise<{ readonly status: string; readonly message: string }> {
		const { id, name } = await this.call('POST', '/credentials', { name: 'Tested', type, data });
		const result = await this.call('POST', '/credentials/test', {
			credentials: { id, name, type, data },
		});
		await this.call('DELETE', `/credentials/${String(id)}`);
		return { status: String(result.status), message: String(result.message) };
	}

	async #answers(webhook: string): Promise<boolean> {
		const { url } = this.n8n;
		const { headers } = await fetch(`${url}/webhook/${webhook}`, {
			method: 'OPTIONS',
			headers: { origin: url, 'access-control-request-method': 'GET' },
		});
		return headers.get('access-control-allow-methods')?.includes('GET') ?? false;
	}

	/** @throws Error with n8n's answer, if it is not a success. */
	async call(method: string, path: string, body?: unknown): Promise<IDataObject> {
		const response = await fetch(`${this.n8n.url}/rest${path}`, {
			method,
			headers: {
				'content-type': 'application/json',
				'browser-id': 'tests',
				cookie: this.#cookie,
			},
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await response.text();
		if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
		const [given] = response.headers.getSetCookie();
		if (given) this.#cookie = given.split(';')[0];
		return (JSON.parse(text) as { data: IDataObject }).data;
	}
}

/** The JSON of each item that a node gave out. */
export function jsonOf(items: readonly INodeExecutionData[]): IDataObject[] {
	return items.map(({ json }) => json);
}
