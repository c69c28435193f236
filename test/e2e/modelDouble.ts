import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IDataObject } from 'n8n-workflow';

interface Asked {
	readonly messages?: ReadonlyArray<{ readonly role: string; readonly content: unknown }>;
	readonly stream?: boolean;
}

/** Speaks as a chat model of OpenAI's API does: calls the tools of these names, one after the other, and then says that it is done. */
export class ModelDouble {
	/** All that it was told. */
	heard = '';
	readonly #calls: readonly string[];
	readonly #server = createServer((request, response) => void this.#answer(request, response));

	constructor(calls: readonly string[]) {
		this.#calls = calls;
	}

	async start(): Promise<this> {
		await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
		return this;
	}

	/** What n8n's credential for OpenAI takes as its base URL. */
	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const text = (await request.toArray()).join('');
		this.heard += text;
		const { messages = [], stream = false } = JSON.parse(text || '{}') as Asked;
		const next = this.#calls[messages.filter(({ role }) => role === 'tool').length];
		const message = next
			? { role: 'assistant', content: null, tool_calls: [callOf(next)] }
			: { role: 'assistant', content: 'Done.' };
		const finish_reason = next ? 'tool_calls' : 'stop';
		const of = { id: 'double', created: 1, model: 'double' };
		const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
		const choice = { index: 0, finish_reason };
		if (stream) {
			const choices = [{ ...choice, delta: message }];
			const chunk = { ...of, object: 'chat.completion.chunk', choices, usage };
			response.setHeader('content-type', 'text/event-stream');
			response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
		} else {
			const choices = [{ ...choice, message }];
			response.setHeader('content-type', 'application/json');
			response.end(JSON.stringify({ ...of, object: 'chat.completion', choices, usage }));
		}
	}
}

/** With an argument that the tools without arguments leave alone. */
function callOf(name: string): IDataObject {
	const given = { name, arguments: JSON.stringify({ code: '005930' }) };
	return { index: 0, id: `call_${name}`, type: 'function', function: given };
}
