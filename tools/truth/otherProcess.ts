import { fork } from 'node:child_process';
import { once } from 'node:events';

import { removeEngineFolder } from '../engine/run';
import { loadProduct } from './product';
import { revokeAll, type Execution, type Revoke, type Said } from './workflow';

type Order =
	| { readonly number: number; readonly execution: Omit<Execution, 'stop'> }
	| { readonly number: number; readonly stop: true };

/** A process that does what it is told, with the product and a memory of its own. */
export function startOtherProcess(): { readonly revoke: Revoke; stop(): Promise<void> } {
	const child = fork(__filename, { execArgv: process.execArgv });
	const waiting = new Map<number, (said: Said[]) => void>();
	child.on('message', ({ number, said }: { number: number; said: Said[] }) => {
		waiting.get(number)?.(said);
		waiting.delete(number);
	});
	let count = 0;
	return {
		async revoke({ stop, ...execution }) {
			const number = count++;
			child.send({ number, execution } satisfies Order);
			stop?.addEventListener('abort', () => child.send({ number, stop: true } satisfies Order));
			return await new Promise((resolve) => waiting.set(number, resolve));
		},
		async stop() {
			child.disconnect();
			await once(child, 'exit');
		},
	};
}

function serve(): void {
	const product = loadProduct();
	const stops = new Map<number, AbortController>();
	process.on('message', (order: Order) => {
		const { number } = order;
		if ('stop' in order) return stops.get(number)?.abort();
		const stop = new AbortController();
		stops.set(number, stop);
		void revokeAll(product, { ...order.execution, stop: stop.signal }).then((said) => {
			stops.delete(number);
			process.send?.({ number, said });
		});
	});
	process.once('disconnect', () => {
		removeEngineFolder();
		process.exit();
	});
}

if (require.main === module) serve();
