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
	live: 0.6,
} as const;

const HOUR_MS = 60 * 60 * 1000;

export interface MadeToken {
	readonly kind: keyof typeof KINDS;
	readonly value: string;
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
		const value =
			kind === 'duplicate' && i > 0 ? tokens[i - 1].value : makeToken(kis, appkey, kind);
		tokens.push({ kind, value });
	}
	return tokens;
}

function makeToken(kis: LocalKis, appkey: string, kind: MadeToken['kind']): string {
	switch (kind) {
		case 'dead': {
			const token = kis.mint(appkey);
			token.revoked = true;
			return token.value;
		}
		case 'expired':
			return kis.mint(appkey, -HOUR_MS).value;
		case 'foreign':
			return kis.mint('PSanotherAppKeyOfSomebodyElse').value;
		case 'opaque':
			return `opaque-${fingerprint(kis.mint(appkey).value)}`;
		case 'cutOff':
			return kis.mint(appkey).value.slice(0, -3);
		case 'unusable':
			return `${kis.mint(appkey).value} and more`;
		case 'duplicate':
		case 'live':
			return kis.mint(appkey).value;
	}
}
