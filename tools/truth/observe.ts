import { until } from '../common/until';
import type { SeenCall } from '../sandbox/server';
import type { Host } from './host';
import type { Arrival } from './relay';
import { watchTurns } from './turns';

/** Closing takes milliseconds; a forgotten keep-alive connection lives for five seconds. */
const PATIENCE = { looks: 400, everyMs: 5 };

/** What was seen at a host, and on the event loop, while an execution ran. */
export interface Observed {
	readonly arrivals: readonly Arrival[];
	readonly calls: readonly SeenCall[];
	/** Connections that were ended without being read to their end. */
	readonly endedUnread: number;
	/** Connections that were disturbed before there was a request on them. */
	readonly disturbed: number;
	/** Requests to a bad certificate. */
	readonly misled: number;
	readonly connectionsLeft: number;
	/** Requests on those of them on which an answer is awaited. */
	readonly unanswered: readonly Arrival[];
	/** The longest turn of the host's event loop meanwhile. */
	readonly longestTurnMs: number;
}

/**
 * Begins to observe a host.
 *
 * @returns Ends it, when the node has closed its connections or has had time enough.
 */
export function observe(host: Host): () => Promise<Observed> {
	const { relay, sandbox } = host;
	const arrivals = relay.arrivals.length;
	const calls = sandbox.calls.length;
	const { endedUnread, misled } = relay;
	const { disturbed } = host;
	const endTurns = watchTurns();
	return async () => {
		const longestTurnMs = endTurns();
		await until(() => relay.open === 0, PATIENCE);
		return {
			arrivals: relay.arrivals.slice(arrivals),
			calls: sandbox.calls.slice(calls),
			endedUnread: relay.endedUnread - endedUnread,
			disturbed: host.disturbed - disturbed,
			misled: relay.misled - misled,
			connectionsLeft: relay.open,
			unanswered: relay.unanswered,
			longestTurnMs,
		};
	};
}
