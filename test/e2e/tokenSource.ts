import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IDataObject } from 'n8n-workflow';

/**
 * Gives tokens to a workflow as a step before would that is not of this package: so they stand in no workflow.
 * `GET /<name>` answers with the items that were put there.
 */
export class TokenSource {
	readonly items = new Map<string, readonly IDataObject[]>();
	readonly #server = createServer((request, response) => {
		response.setHeader('content-type', 'application/json');
		response.end(JSON.stringify(this.items.get((request.url ?? '').slice(1)) ?? []));
	});

	async start(): Promise<this> {
		await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
		return this;
	}

	/** Where a workflow gets the items of that name. */
	urlOf(name: string): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}
}
