import { fork } from 'node:child_process';
import { once } from 'node:events';

import { removeEngineFolder } from '../engine/run';
import { loadProduct } from './product';
import type { Member } from './team';
import { installClocks, WorldClock } from './trading/clock';
import { ageKept } from './trading/sharedClock';
import { takeStep, type StepSetup, type Taken } from './trading/step';
import { revokeAll, type Execution, type Said } from './workflow';

/** What one process asks of the other. */
type Message =
	| {
			readonly kind: 'execute';
			readonly number: number;
			readonly execution: Omit<Execution, 'stop'>;
	  }
	| { readonly kind: 'step'; readonly number: number; readonly setup: StepSetup }
	/** That execution. */
	| { readonly kind: 'stop'; readonly number: number }
	| SetClock
	| ClockWasSet;

/** What comes back: of what was asked, by its number. */
type Reply =
	| { readonly kind: 'done'; readonly number: number; readonly result: unknown }
	| SetClock
	| ClockWasSet;

/** The clock of a world was set forward in one process: the other one is to follow. */
interface SetClock {
	readonly kind: 'setClock';
	readonly setting: number;
	readonly world: string;
	readonly aheadMs: number;
}

interface ClockWasSet {
	readonly kind: 'clockWasSet';
	readonly setting: number;
}

/** Tells the other process of clocks, and waits until it has followed. */
class ClockTeller {
	readonly #send: (message: SetClock) => unknown;
	readonly #waiting: Array<() => void> = [];

	constructor(send: (message: SetClock) => unknown) {
		this.#send = send;
	}

	async tell(world: string, aheadMs: number): Promise<void> {
		await new Promise<void>((resolve) => {
			const setting = this.#waiting.push(resolve) - 1;
			this.#send({ kind: 'setClock', setting, world, aheadMs });
		});
	}

	done({ setting }: ClockWasSet): void {
		this.#waiting[setting]();
	}
}

/** A process that does what it is told, with the product and a memory of its own. */
export function startOtherProcess(): Member & { stop(): Promise<void> } {
	const child = fork(__filename, { execArgv: process.execArgv });
	const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
	const clocks = new Map<string, WorldClock>();
	const tell = (message: Message) => child.send(message);
	const teller = new ClockTeller(tell);
	child.on('message', (reply: Reply) => {
		switch (reply.kind) {
			case 'done':
				waiting.get(reply.number)?.resolve(reply.result);
				waiting.delete(reply.number);
				return;
			case 'setClock':
				clocks.get(reply.world)?.setAhead(reply.aheadMs);
				return void tell({ kind: 'clockWasSet', setting: reply.setting });
			case 'clockWasSet':
				return teller.done(reply);
		}
	});
	child.once('exit', (code, signal) => {
		const error = new Error(`The other process has ended with ${code ?? signal}`);
		for (const { reject } of waiting.values()) reject(error);
	});
	let count = 0;
	const ask = async (message: (number: number) => Message): Promise<unknown> => {
		const number = count++;
		tell(message(number));
		return await new Promise((resolve, reject) => waiting.set(number, { resolve, reject }));
	};
	return {
		async revoke({ stop, ...execution }) {
			const said = ask((number) => {
				stop?.addEventListener('abort', () => tell({ kind: 'stop', number }));
				return { kind: 'execute', number, execution };
			});
			return (await said) as Said[];
		},
		async takeStep(setup, clock) {
			const { world } = setup;
			if (!clocks.has(world)) {
				clocks.set(world, clock);
				clock.listeners.add(async (aheadMs) => await teller.tell(world, aheadMs));
			}
			const taken = ask((number) => ({ kind: 'step', number, setup }));
			return (await taken) as Taken;
		},
		async stop() {
			if (!child.connected) return;
			child.disconnect();
			await once(child, 'exit');
		},
	};
}

function serve(): void {
	installClocks();
	const product = loadProduct();
	const stops = new Map<number, AbortController>();
	const clocks = new Map<string, WorldClock>();
	const reply = (it: Reply) => process.send?.(it);
	const teller = new ClockTeller(reply);
	const clockFor = ({ world, aheadMs, redisUrl }: StepSetup): WorldClock => {
		const clock = clocks.get(world) ?? new WorldClock();
		if (!clocks.has(world)) {
			clocks.set(world, clock);
			clock.listeners.add(async (ahead) => await teller.tell(world, ahead));
			if (redisUrl !== null) {
				clock.listeners.add(async (_ahead, by) => await ageKept(redisUrl, world, by));
			}
		}
		clock.setAhead(aheadMs);
		return clock;
	};
	const execute = async (number: number, execution: Execution) => {
		const stop = new AbortController();
		stops.set(number, stop);
		const result = await revokeAll(product, { ...execution, stop: stop.signal });
		stops.delete(number);
		reply({ kind: 'done', number, result });
	};
	const step = async (number: number, setup: StepSetup) => {
		const result = await clockFor(setup).run(async () => await takeStep(product, setup));
		reply({ kind: 'done', number, result });
	};
	process.on('message', (message: Message) => {
		switch (message.kind) {
			case 'execute':
				return void execute(message.number, message.execution);
			case 'step':
				return void step(message.number, message.setup);
			case 'stop':
				return stops.get(message.number)?.abort();
			case 'setClock':
				clocks.get(message.world)?.setAhead(message.aheadMs);
				return void reply({ kind: 'clockWasSet', setting: message.setting });
			case 'clockWasSet':
				return teller.done(message);
		}
	});
	process.once('disconnect', () => {
		removeEngineFolder();
		process.exit();
	});
}

if (require.main === module) serve();
