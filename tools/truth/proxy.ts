import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import type { ProxyMishap } from './faults';

/**
 * A CONNECT proxy to which every host name is this computer, and which does not always do as it is asked. What is sent
 * through a tunnel whose other half is being closed it passes on all the same: a request that got lost here would have been
 * written, and nobody would have seen it.
 */
export class ConnectProxy {
	/** By the port that is asked for: what happens to each connection there. */
	readonly mishaps = new Map<number, (connection: number) => ProxyMishap>();
	readonly #server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
	readonly #sockets = new Set<Socket>();
	readonly #connections = new Map<number, number>();

	async listen(): Promise<this> {
		await once(this.#server.listen(0, '127.0.0.1'), 'listening');
		return this;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		const closed = once(this.#server, 'close');
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	#follow(socket: Socket): void {
		this.#sockets.add(socket);
		socket.once('close', () => this.#sockets.delete(socket));
		socket.on('error', () => undefined);
	}

	#accept(near: Socket): void {
		this.#follow(near);
		near.once('end', () => near.end());
		near.once('data', (head) => {
			const port = Number(/^CONNECT [^ :]+:(\d+) /.exec(head.toString('latin1'))?.[1]);
			const connection = this.#connections.get(port) ?? 0;
			this.#connections.set(port, connection + 1);
			switch (this.mishaps.get(port)?.(connection) ?? null) {
				case 'asksForPassword':
					return near.end(
						'HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n',
					);
				case 'badGateway':
					return near.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n');
				case 'close':
					return near.end();
				case 'silence':
					return near;
				case 'tunnelBreaks':
					return near.write('HTTP/1.1 200 Connection Established\r\n\r\n', () =>
						near.resetAndDestroy(),
					);
				case null:
					return this.#tunnel(near, port);
			}
		});
	}

	#tunnel(near: Socket, port: number): void {
		const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
			near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
			near.pipe(far).pipe(near);
		});
		this.#follow(far);
		far.once('close', (broken) => (broken ? near.resetAndDestroy() : near.destroySoon()));
		near.once('close', () => far.destroySoon());
	}
}
