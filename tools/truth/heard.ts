import type { Reading } from './reading';
import type { Arrival } from './relay';
import { BUSY_MS } from './turns';
import type { Played } from './world';

/** An answer that took so long may have come too late. */
export const SOON_MS = 1000;

/** A request, and what the rules make of its answer. */
export type Heard = Arrival & Reading & { readonly gaveQuote: boolean };

/** What an answer to the question makes of the token; nothing where it decides nothing. */
export function meansOfAnswer({ means }: Heard): 'foundInvalid' | 'foundExpired' | null {
	if (means === 'invalid') return 'foundInvalid';
	return means === 'expired' ? 'foundExpired' : null;
}

/** Whether the node cannot have missed the answer. */
export function isHeard(
	{ mishap, at, answeredAt }: Heard,
	{ act, longestTurnMs }: Played,
): boolean {
	const isCalm = act.event === 'nothing' || act.event === 'retryOnFail';
	const isSoon = answeredAt - at < SOON_MS && longestTurnMs <= BUSY_MS;
	return isCalm && mishap === undefined && isSoon;
}
