import { readAnswer, tokenIn, type Observed } from './evidence';
import { KeptConnection, type Probe, type Probed } from './keptConnection';
import type { Settings } from './settings';
import {
	BROKEN,
	SILENCE_MS,
	STEP_NAMES,
	STEPS,
	type Held,
	type Step,
	type StepName,
} from './steps';

export interface LiveCheckOptions extends Settings {
	/** For each probe, from connecting to the last byte, in milliseconds. */
	readonly timeoutMs?: number;
	/** Waits so many milliseconds. */
	readonly pause: (ms: number) => Promise<void>;
	/** Says how far it is. Gets no text from outside. */
	readonly print?: (text: string) => void;
}

const TIMEOUT_MS = 15_000;

/** Takes all {@link STEPS} with a KIS. Never throws for what comes, or does not come, from there. */
export async function checkLive(options: LiveCheckOptions): Promise<Observed> {
	const { baseUrl, timeoutMs = TIMEOUT_MS, pause, print = () => {}, ...given } = options;
	const connections: KeptConnection[] = [];
	const connect = () => {
		const connection = new KeptConnection(baseUrl, timeoutMs);
		connections.push(connection);
		return connection;
	};
	const rest = async (ms: number, why: string) => {
		if (ms > SILENCE_MS) print(`${why}: waiting ${ms / 1000} s …\n`);
		await pause(ms);
	};
	const kept = connect();
	let held: Held = given;
	const steps = {} as { -readonly [Name in StepName]: Observed['steps'][Name] };
	try {
		for (const name of STEP_NAMES) {
			const step: Step = STEPS[name];
			const probes = step.probes(held);
			if (typeof probes === 'string') {
				steps[name] = probes;
				continue;
			}
			await rest(step.silenceMs, 'No request for a minute');
			const probed = await WAYS[step.way](probes, kept, connect);
			const againMs = askAgainAfter(step, probed[0]);
			if (againMs !== undefined) {
				await rest(againMs, 'KIS issues once a minute');
				probed.push(await kept.send(probes[0]));
			}
			steps[name] = probed;
			const token = tokenIn(probed[probed.length - 1]);
			if (step.gives && token) held = { ...held, [step.gives]: token };
		}
	} finally {
		for (const connection of connections) connection.close();
	}
	return { held, steps };
}

type Way = (
	probes: readonly Probe[],
	kept: KeptConnection,
	connect: () => KeptConnection,
) => Promise<Probed[]>;

const WAYS = {
	async inARow(probes, kept) {
		const probed = [];
		for (const probe of probes) probed.push(await kept.send(probe));
		return probed;
	},
	async atOnce(probes, _kept, connect) {
		return await Promise.all(probes.map(async (probe) => await connect().send(probe)));
	},
} satisfies Record<Step['way'], Way>;

/** Milliseconds; `undefined` for an end that another try would not change. */
function askAgainAfter({ againAfter }: Step, { came, reused }: Probed): number | undefined {
	const code = typeof came !== 'string' ? readAnswer(came).code : reused ? BROKEN : null;
	return code !== null && Object.hasOwn(againAfter, code) ? againAfter[code] : undefined;
}
