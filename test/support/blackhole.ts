import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Listens, and never accepts. Once its queue is full, the system leaves further connections unanswered. */
const PROGRAM = `
	const { parentPort, workerData } = require('node:worker_threads');
	require('node:net').createServer().listen({ ...workerData, backlog: 1 }, () => {
		parentPort.postMessage('listening');
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
	});
`;
/** More than the queue holds. */
const CONNECTIONS = 8;

/** Makes an address at which connections are neither made nor refused. Resolves to a function that ends it. */
export async function startBlackhole(at: {
	readonly host: string;
	readonly port: number;
}): Promise<() => Promise<void>> {
	const worker = new Worker(PROGRAM, { eval: true, workerData: at });
	await once(worker, 'message');
	const sockets = Array.from({ length: CONNECTIONS }, () => connect(at).on('error', () => {}));
	await once(sockets[0], 'connect');
	return async () => {
		for (const socket of sockets) socket.destroy();
		await worker.terminate();
	};
}
