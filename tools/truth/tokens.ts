import { fingerprint, type App, type TokenForm } from '../sandbox/apps';
import type { LocalKis } from '../sandbox/kis';
import { draw, pickByShare } from './random';

/** What a user may hand to the node, by share. */
const KINDS = {
	dead: 0.05,
	expired: 0.05,
	foreign: 0.06,
	opaque: 0.05,
	nameless: 0.03,
	garbage: 0.03,
	cutOff: 0.05,
	unusable: 0.04,
	duplicate: 0.1,
	bearer: 0.05,
	live: 0.49,
} as const;
type Kind = keyof typeof KINDS;

const HOUR_MS = 60 * 60 * 1000;

export interface MadeToken {
	readonly kind: Kind;
	/** As the item holds it. */
	readonly text: string;
	/** As it may be sent; `null` if it may not. */
	readonly value: string | null;
	/** The app key that it names; `null` if it names none. */
	readonly owner: string | null;
	readonly isCutOff: boolean;
	readonly hasExpired: boolean;
}

/** Key pairs of one world. */
export interface Apps {
	readonly own: App;
	readonly other: App;
}

/** Tokens for one world. */
export function makeTokens(
	kis: LocalKis,
	apps: Apps,
	seed: number,
	batch: number,
	count: number,
): MadeToken[] {
	const tokens: MadeToken[] = [];
	for (let i = 0; i < count; i++) {
		const kind = pickByShare(KINDS, draw(seed, 'kind', batch, i));
		const earlier = tokens[Math.floor(draw(seed, 'duplicate', batch, i) * i)];
		tokens.push(kind === 'duplicate' && earlier ? earlier : makeToken(kis, apps, kind));
	}
	return tokens;
}

function makeToken(kis: LocalKis, { own, other }: Apps, kind: Kind): MadeToken {
	const issue = (form?: TokenForm) => kis.mintApart(own.appkey, undefined, form).value;
	const usable = (value: string, rest: Partial<MadeToken> = {}): MadeToken => ({
		kind,
		value,
		text: value,
		owner: own.appkey,
		isCutOff: false,
		hasExpired: false,
		...rest,
	});
	switch (kind) {
		case 'dead': {
			const token = kis.mintApart(own.appkey);
			token.revoked = true;
			return usable(token.value);
		}
		case 'expired':
			return usable(kis.mintApart(own.appkey, -HOUR_MS).value, { hasExpired: true });
		case 'foreign':
			return usable(kis.mintApart(other.appkey).value, { owner: other.appkey });
		case 'opaque':
			return usable(issue('opaque'), { owner: null });
		case 'nameless':
			return usable(issue('nameless'), { owner: null });
		case 'garbage':
			return usable(`garbage-${fingerprint(issue())}`, { owner: null });
		case 'cutOff':
			return usable(issue().slice(0, -3), { isCutOff: true });
		case 'unusable':
			return { ...usable(''), value: null, text: `${issue()} and more` };
		case 'bearer': {
			const value = issue();
			return usable(value, { text: ` Bearer "${value}"` });
		}
		case 'duplicate':
		case 'live':
			return usable(issue());
	}
}
