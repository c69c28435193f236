import type { SeenCall } from '../sandbox/server';
import { fingerprint } from '../sandbox/apps';
import { endsSending, isCursed, isVerdict } from './faults';
import type { Arrival } from './relay';
import { REQUESTS_PER_SECOND, type Order, type World } from './world';

/** A confirmation that goes back later than this may meet a client that has given up. */
const SURELY_IN_TIME_MS = 400;

/** What one execution adds to the findings. */
export interface Judgement {
	readonly outcomes: readonly string[];
	/** Of whole tokens of this app key that retries can settle, and that had all of them: how many there are. */
	readonly fairCases: number;
	/** How many of these are `unknown`. */
	readonly unknownFairCases: number;
	readonly calls: number;
	/** The most calls in any sliding second, on the sandbox's clock. */
	readonly busiestSecond: number;
	/** One line for each statement that what was seen contradicts, and for whatever else must not be. */
	readonly accusations: readonly string[];
}

/** Holds what an execution reported against what its world saw. */
export function judge(
	order: Order,
	world: World,
	outcomes: readonly string[],
	connectionsLeft: number,
): Judgement {
	const { tokens, sandbox, relay } = world;
	const where = `seed ${order.seed}, batch ${order.batch} (${world.circumstances})`;
	const accusations: string[] = [];
	const accuse = (what: string) => void accusations.push(`${where}: ${what}`);
	const accuseItem = (item: number, what: string, arrivals: readonly Arrival[]) => {
		const met = JSON.stringify(arrivals.map(({ mishap }) => mishap ?? null));
		accuse(`item ${item} is ${outcomes[item]}, but ${what}; ${met}`);
	};

	const unseen: number[] = [];
	let fairCases = 0;
	let unknownFairCases = 0;
	const arrivalsOf = groupByToken(relay.arrivals);
	const callsOf = groupByToken(
		sandbox.calls.map((call) => ({ ...call, token: call.tokenFingerprint ?? '' })),
	);
	// Where KIS calls a revoked token expired, which it has not, that is no verdict.
	const isFair = sandbox.kis.switches.revokedToken !== 'EGW00123';
	const cutShort =
		(world.hasHappened && (world.event === 'stop' || world.event === 'gone')) ||
		relay.arrivals.some(({ mishap }) => endsSending(mishap));
	tokens.forEach(({ value, kind }, item) => {
		const arrivals = arrivalsOf.get(value ?? '') ?? [];
		const calls = callsOf.get(fingerprint(value ?? '')) ?? [];
		const outcome = outcomes[item];
		const contradiction = contradictionTo(outcome, value, { world, arrivals, calls });
		if (contradiction) accuseItem(item, contradiction, arrivals);
		else if (outcome === 'unknown' && arrivals.length === 0) unseen.push(item);

		if (!isFair || cutShort || !SETTLED_BY_RETRIES.includes(kind) || value === null) return;
		if (isCursed(order.seed, world.placeOf(value), order.faultShare)) return;
		fairCases++;
		if (outcome === 'unknown') unknownFairCases++;
	});

	// What was written to a connection that nobody read is known to the node only.
	const distinct = [...new Map(unseen.map((item) => [tokens[item].value, item])).values()];
	for (const item of distinct.slice(relay.endedUnread)) {
		accuseItem(item, 'no request for it was received', []);
	}
	const values = new Set(tokens.map(({ value }) => value));
	if (relay.arrivals.some(({ token }) => !values.has(token))) accuse('an unusable text was sent');
	if (relay.misled > 0) accuse(`${relay.misled} requests went to a bad certificate`);
	if (connectionsLeft > 0) accuse(`${connectionsLeft} connections were left open`);
	const busiest = busiestSecond(sandbox.calls);
	if (busiest > REQUESTS_PER_SECOND) accuse(`${busiest} calls within one second`);
	return {
		outcomes,
		fairCases,
		unknownFairCases,
		calls: sandbox.calls.length,
		busiestSecond: busiest,
		accusations,
	};
}

/** Of these KIS's "invalid" is a verdict. */
const SETTLED_BY_RETRIES = ['live', 'bearer', 'dead', 'expired'];

interface Seen {
	readonly world: World;
	/** Requests for the token, at the relay. */
	readonly arrivals: readonly Arrival[];
	/** Requests for the token, at the sandbox. */
	readonly calls: readonly SeenCall[];
}

/** What speaks against a reported outcome; `null` if nothing does. */
function contradictionTo(
	outcome: string,
	token: string | null,
	{ world, arrivals, calls }: Seen,
): string | null {
	const { kis } = world.sandbox;
	switch (outcome) {
		case 'revoked':
		case 'alreadyInvalid':
			if (token === null) return 'it is none';
			return !kis.isKnown(token) || kis.isLive(token) ? 'the token is not dead' : null;
		case 'notSent':
			return arrivals.length > 0 ? `${arrivals.length} requests were received` : null;
		case 'rejected':
			if (calls.some(({ result }) => result === '200')) return 'an attempt was processed';
			if (arrivals.length === 0) return 'no request was received';
			return arrivals.every(({ mishap }) => isVerdict(mishap))
				? null
				: 'an attempt went without a verdict';
		case 'unknown': {
			// Where connections end or the user stops, what was sent back in time may yet not have been read.
			if (!['nothing', 'retryOnFail'].includes(world.event)) return null;
			if (arrivals.some(isConfirmation)) return 'a confirmation was delivered';
			const allTold = arrivals.length > 0 && arrivals.every(isDelivered);
			return allTold && world.relay.endedUnread === 0 ? 'every attempt got a verdict' : null;
		}
		default:
			return 'there is no such outcome';
	}
}

function isDelivered({ mishap, at, answeredAt }: Arrival): boolean {
	return isVerdict(mishap) && answeredAt - at < SURELY_IN_TIME_MS;
}

function isConfirmation(arrival: Arrival): boolean {
	return isDelivered(arrival) && !/"(error_code|msg_cd)"/.test(arrival.answer);
}

function groupByToken<T extends { readonly token: string }>(all: readonly T[]): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const one of all) groups.set(one.token, [...(groups.get(one.token) ?? []), one]);
	return groups;
}

function busiestSecond(calls: readonly SeenCall[]): number {
	const times = calls.map(({ at }) => at).sort((a, b) => a - b);
	return Math.max(
		0,
		...times.map((end, last) => last - times.findIndex((at) => at > end - 1000) + 1),
	);
}
