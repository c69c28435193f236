import { fingerprint } from '../sandbox/apps';
import type { LocalKis } from '../sandbox/kis';
import { draw, pickByShare } from './random';

/** What a user may hand to the node, by share. */
const KINDS = {
	dead: 0.05,
	expired: 0.05,
	foreign: 0.05,
	opaque: 0.05,
	cutOff: 0.05,
	unusable: 0.05,
	duplicate: 0.1,
	bearer: 0.05,
	live: 0.55,
} as const;
type Kind = keyof typeof KINDS;

const HOUR_MS = 60 * 60 * 1000;

export interface MadeToken {
	readonly kind: Kind;
	/** As the item holds it. */
	readonly text: string;
	/** As it may be sent; `null` if it may not. */
	readonly value: string | null;
}

/** Tokens for one execution. */
export function makeTokens(
	kis: LocalKis,
	appkey: string,
	seed: number,
	batch: number,
	count: number,
): MadeToken[] {
	const tokens: MadeToken[] = [];
	for (let i = 0; i < count; i++) {
		const kind = pickByShare(KINDS, draw(seed, 'kind', batch, i));
		const earlier = tokens[Math.floor(draw(seed, 'duplicate', batch, i) * i)];
		tokens.push(kind === 'duplicate' && earlier ? earlier : makeToken(kis, appkey, kind));
	}
	return tokens;
}

function makeToken(kis: LocalKis, appkey: string, kind: Kind): MadeToken {
	const issue = (owner = appkey, lifeMs?: number) => kis.mint(owner, lifeMs).value;
	const usable = (value: string) => ({ kind, value, text: value });
	switch (kind) {
		case 'dead': {
			const token = kis.mint(appkey);
			token.revoked = true;
			return usable(token.value);
		}
		case 'expired':
			return usable(issue(appkey, -HOUR_MS));
		case 'foreign':
			return usable(issue('PSanotherAppKeyOfSomebodyElse'));
		case 'opaque':
			return usable(`opaque-${fingerprint(issue())}`);
		case 'cutOff':
			return usable(issue().slice(0, -3));
		case 'unusable':
			return { kind, value: null, text: `${issue()} and more` };
		case 'bearer': {
			const value = issue();
			return { kind, value, text: ` Bearer "${value}"` };
		}
		case 'duplicate':
		case 'live':
			return usable(issue());
	}
}
