import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between the node and the sandbox, records every request that arrives, and loses some. */
export class RecordingRelay {
	/** How many requests arrived for each token, whole or not. */
	readonly received = new Map<string, number>();
	readonly sockets = new Set<Socket>();
	readonly #server: Server;
	readonly #target: number;
	readonly #loses: (token: string, times: number) => boolean;
	#port = 0;

	/** @param loses Whether to reset the connection instead of passing the request on. */
	constructor(targetUrl: string, loses: (token: string, times: number) => boolean) {
		this.#target = Number(new URL(targetUrl).port);
		this.#loses = loses;
		this.#server = createServer((socket) => this.#carry(socket));
	}

	get url(): string {
		return `http://127.0.0.1:${this.#port}`;
	}

	async listen(): Promise<void> {
		await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
		this.#port = (this.#server.address() as AddressInfo).port;
	}

	/** Refuses connections, and ends those that are there. */
	async close(): Promise<void> {
		const closed = new Promise((resolve) => this.#server.close(resolve));
		for (const socket of this.sockets) socket.destroy();
		await closed;
	}

	#carry(near: Socket): void {
		const far = connect(this.#target, '127.0.0.1');
		for (const socket of [near, far]) {
			this.sockets.add(socket);
			socket.once('close', () => this.sockets.delete(socket));
			socket.on('error', () => undefined);
		}
		far.on('data', (bytes) => near.write(bytes));
		far.once('close', (broken) => (broken ? near.resetAndDestroy() : near.end()));
		near.once('close', () => far.destroy());

		let request = '';
		near.on('data', (bytes) => {
			request += bytes.toString('latin1');
			const token = /"token":"([^"]+)"\}/.exec(request)?.[1];
			if (token === undefined) return;
			const whole = request;
			request = '';
			const times = (this.received.get(token) ?? 0) + 1;
			this.received.set(token, times);
			if (this.#loses(token, times)) near.resetAndDestroy();
			else far.write(whole, 'latin1');
		});
	}
}
