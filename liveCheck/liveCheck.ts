import { readAnswer } from './answer';
import { Line, type Exchange } from './line';
import type { KisRequest } from './requests';
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

export interface CheckOptions extends Settings {
	/** For each request, from connecting to the last byte, in milliseconds. */
	readonly timeoutMs?: number;
	/** Waits so many milliseconds. */
	readonly pause: (ms: number) => Promise<void>;
	/** Says how far it is. Gets no text from outside. */
	readonly print?: (text: string) => void;
}

/** What happened, step by step. It holds secrets: only a report of it may be shown. */
export interface Seen {
	/** In the order in which they were sent. */
	readonly exchanges: Readonly<Record<StepName, readonly Exchange[]>>;
	/** What a step that was not taken would have needed. */
	readonly lacked: Readonly<Partial<Record<StepName, keyof Held>>>;
	readonly held: Held;
}

const TIMEOUT_MS = 15_000;

/** Takes all {@link STEPS} with a KIS. Never throws for what comes, or does not come, from there. */
export async function checkLive(options: CheckOptions): Promise<Seen> {
	const { baseUrl, timeoutMs = TIMEOUT_MS, pause, print = () => {}, ...given } = options;
	const seen = {
		exchanges: Object.fromEntries(
			STEP_NAMES.map((name): [string, Exchange[]] => [name, []]),
		) as Record<StepName, Exchange[]>,
		lacked: {} as Partial<Record<StepName, keyof Held>>,
		held: given as Held,
	};
	const rest = async (ms: number, why: string) => {
		if (ms > SILENCE_MS) print(`${why}: waiting ${ms / 1000} s …\n`);
		await pause(ms);
	};
	const openLine = () => new Line(baseUrl, timeoutMs);
	const line = openLine();
	try {
		for (const name of STEP_NAMES) {
			const step: Step = STEPS[name];
			const requests = step.requests(seen.held);
			if (typeof requests === 'string') {
				seen.lacked[name] = requests;
				continue;
			}
			await rest(step.silenceMs, 'No request for a minute');
			const exchanges = await WAYS[step.way](requests, line, openLine);
			const [first] = exchanges;
			const againMs = exchanges.length === 1 ? askAgainAfter(step, first) : undefined;
			if (againMs !== undefined) {
				await rest(againMs, 'KIS issues once a minute (EGW00133)');
				exchanges.push(await line.send(requests[0]));
			}
			seen.exchanges[name] = exchanges;
			const token = tokenIn(exchanges.at(-1));
			if (step.gives && token) seen.held = { ...seen.held, [step.gives]: token };
		}
	} finally {
		line.close();
	}
	return seen;
}

type Way = (
	requests: readonly KisRequest[],
	line: Line,
	openLine: () => Line,
) => Promise<Exchange[]>;

const WAYS = {
	async oneConnection(requests, line) {
		const exchanges = [];
		for (const request of requests) exchanges.push(await line.send(request));
		return exchanges;
	},
	async atOnce(requests, _line, openLine) {
		return await Promise.all(
			requests.map(async (request) => {
				const line = openLine();
				const exchange = await line.send(request);
				line.close();
				return exchange;
			}),
		);
	},
} satisfies Record<Step['way'], Way>;

/** Milliseconds; `undefined` for an end that another try would not change. */
function askAgainAfter({ againAfter }: Step, { came, reused }: Exchange): number | undefined {
	const code = typeof came !== 'string' ? readAnswer(came).code : reused ? BROKEN : null;
	return code !== null && Object.hasOwn(againAfter, code) ? againAfter[code] : undefined;
}

/** The token that tokenP gave. */
export function tokenIn(exchange: Exchange | undefined): string | null {
	if (!exchange || typeof exchange.came === 'string') return null;
	const { access_token: token } = readAnswer(exchange.came).fields ?? {};
	return typeof token === 'string' && token !== '' ? token : null;
}
