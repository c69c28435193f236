import { fingerprint } from '../sandbox/apps';
import type { Sandbox, SeenCall } from '../sandbox/server';
import type { RecordingRelay } from './relay';

/** What really happened to the tokens of one execution. */
export interface Seen {
	readonly sandbox: Sandbox;
	readonly relay: RecordingRelay;
}

/** What speaks against a reported outcome; `null` if nothing does. */
export function contradictionTo(outcome: string, token: string, seen: Seen): string | null {
	const { kis, calls } = seen.sandbox;
	const own = calls.filter(({ tokenFingerprint }) => tokenFingerprint === fingerprint(token));
	const arrived = seen.relay.received.get(token) ?? 0;
	switch (outcome) {
		case 'revoked':
		case 'alreadyInvalid':
			return !kis.isKnown(token) || kis.isLive(token) ? 'the token is not dead' : null;
		case 'notSent':
			return arrived > 0 ? `${arrived} requests were received` : null;
		case 'rejected':
			if (own.some(({ result }) => result === '200')) return 'an attempt was processed';
			return own.some(isRefusal) ? null : 'no refusal was sent';
		case 'unknown':
			// That something was written may only be known to the node: such cases are counted.
			return null;
		default:
			return 'there is no such outcome';
	}
}

function isRefusal({ result, fault }: SeenCall): boolean {
	return fault ? fault.kind === 'refuse' : result !== '200';
}

/** Calls beyond the limit in any sliding second, on the sandbox's clock. */
export function overLimit(calls: readonly SeenCall[], requestsPerSecond: number): number {
	const times = calls.map(({ at }) => at).sort((a, b) => a - b);
	return times.filter((at, i) => i >= requestsPerSecond && at - times[i - requestsPerSecond] < 1000)
		.length;
}
