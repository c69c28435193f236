import { fork } from 'node:child_process';
import { once } from 'node:events';

import { removeEngineFolder } from '../engine/run';
import type { Member } from './experiment';
import { loadProduct } from './product';
import { installClocks, WorldClock } from './trading/clock';
import { ageKept } from './trading/sharedClock';
import { takeStep, type StepSetup } from './trading/step';
import { revokeAll, type Execution } from './workflow';

type Message =
	| { readonly number: number; readonly execution: Omit<Execution, 'stop'> }
	| { readonly number: number; readonly step: StepSetup }
	| { readonly number: number; readonly stop: true }
	| ClockSetting
	| ClockSet;

/** The clock of a world was set forward in one process: the other one follows. */
interface ClockSetting {
	readonly setting: number;
	readonly world: string;
	readonly aheadMs: number;
}

/** It has. */
interface ClockSet {
	readonly set: number;
}

type Reply = { readonly number: number; readonly done: unknown } | ClockSetting | ClockSet;

/** Tells the other process of clocks, and waits until it has followed. */
class ClockTeller {
	readonly #send: (message: ClockSetting) => unknown;
	readonly #waiting: Array<() => void> = [];

	constructor(send: (message: ClockSetting) => unknown) {
		this.#send = send;
	}

	async tell(setting: Omit<ClockSetting, 'setting'>): Promise<void> {
		await new Promise<void>((resolve) => {
			this.#send({ ...setting, setting: this.#waiting.push(resolve) - 1 });
		});
	}

	done({ set }: ClockSet): void {
		this.#waiting[set]();
	}
}

/** A process that does what it is told, with the product and a memory of its own. */
export function startOtherProcess(): Member & { stop(): Promise<void> } {
	const child = fork(__filename, { execArgv: process.execArgv });
	const waiting = new Map<number, (done: unknown) => void>();
	const clocks = new Map<string, WorldClock>();
	const teller = new ClockTeller((message) => child.send(message));
	child.on('message', (reply: Reply) => {
		if ('set' in reply) return teller.done(reply);
		if ('world' in reply) {
			const { world, aheadMs, setting } = reply;
			clocks.get(world)?.setAhead(aheadMs);
			tell({ set: setting });
			return;
		}
		waiting.get(reply.number)?.(reply.done);
		waiting.delete(reply.number);
	});
	let count = 0;
	const tell = (message: Message) => child.send(message);
	const ask = async (message: (number: number) => Message): Promise<unknown> => {
		const number = count++;
		tell(message(number));
		return await new Promise((resolve) => waiting.set(number, resolve));
	};
	return {
		async revoke({ stop, ...execution }) {
			const said = ask((number) => {
				stop?.addEventListener('abort', () => tell({ number, stop: true }));
				return { number, execution };
			});
			return (await said) as Awaited<ReturnType<Member['revoke']>>;
		},
		async takeStep(step, clock) {
			const { world } = step;
			if (!clocks.has(world)) {
				clocks.set(world, clock);
				clock.listeners.add(async (aheadMs) => await teller.tell({ world, aheadMs }));
			}
			return (await ask((number) => ({ number, step }))) as Awaited<ReturnType<Member['takeStep']>>;
		},
		async stop() {
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
			clock.listeners.add(async (ahead) => await teller.tell({ world, aheadMs: ahead }));
			if (redisUrl !== null) {
				clock.listeners.add(async (_ahead, by) => await ageKept(redisUrl, world, by));
			}
		}
		clock.setAhead(aheadMs);
		return clock;
	};
	process.on('message', (message: Message) => {
		if ('set' in message) return teller.done(message);
		if ('world' in message) {
			clocks.get(message.world)?.setAhead(message.aheadMs);
			reply({ set: message.setting });
			return;
		}
		const { number } = message;
		const answer = (done: unknown) => void reply({ number, done });
		if ('stop' in message) return stops.get(number)?.abort();
		if ('step' in message) {
			const { step } = message;
			return void clockFor(step)
				.run(async () => await takeStep(product, step))
				.then(answer);
		}
		const stop = new AbortController();
		stops.set(number, stop);
		void revokeAll(product, { ...message.execution, stop: stop.signal }).then((said) => {
			stops.delete(number);
			answer(said);
		});
	});
	process.once('disconnect', () => {
		removeEngineFolder();
		process.exit();
	});
}

if (require.main === module) serve();
