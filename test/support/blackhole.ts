import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Listens, and never accepts: a connection to its full queue gets no answer from the system. */
const PROGRAM = `
	const { parentPort, workerData } = require('node:worker_threads');
	require('node:net').createServer().listen({ ...workerData, backlog: 1 }, () => {
		parentPort.postMessage('listening');
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
	});
`;
/** More than the queue takes. */
const CONNECTIONS = 8;

/** An address at which no connection is made, and none is refused. Resolves to what ends it. */
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
