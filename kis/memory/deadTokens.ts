import { isWholeTokenOf, type AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** Far more than a sweep has; beyond it the oldest are forgotten. */
const MAX_TOKENS = 200_000;
/** Forgotten for each token that is added: a whole sweep that expires together would hold the host's turn. */
const MAX_FORGOTTEN = 100;

interface Entry {
	/** Where it is dead; see {@link placeOf}. */
	readonly places: readonly string[];
	/** Milliseconds since 1970. */
	readonly until: number;
}

/**
 * The tokens that this process knows to be dead, by fingerprint, until they expire (for a day, a KIS token's life, where
 * that is not known), and at least for an hour, so that a retry is safe for a token that expires meanwhile.
 */
export class DeadTokens {
	readonly #entries = new Map<string, Entry>();

	/** Notes that the credential's host has shown the token to be dead. */
	add(token: AccessToken, credential: KisCredential): void {
		const { fingerprint, claims } = token;
		const now = Date.now();
		const place = placeOf(token, credential);
		const places = this.#placesOf(token).filter((other) => other !== place);
		// To the end, so that the map is in order of use.
		this.#entries.delete(fingerprint);
		this.#entries.set(fingerprint, {
			places: [...places, place],
			until: Math.max(claims?.expiresAt ?? now + DAY_MS, now + HOUR_MS),
		});
		let forgotten = 0;
		for (const [oldest, { until }] of this.#entries) {
			if (this.#entries.size <= MAX_TOKENS && until > now) return;
			this.#entries.delete(oldest);
			if (++forgotten === MAX_FORGOTTEN) return;
		}
	}

	/** Whether the token is dead as far as this credential's host is concerned. */
	has(token: AccessToken, credential: KisCredential): boolean {
		return this.#placesOf(token).includes(placeOf(token, credential));
	}

	/** Whether another host, or this one to another credential, has shown it to be dead, and this one to this has not. */
	hasElsewhere(token: AccessToken, credential: KisCredential): boolean {
		return this.#placesOf(token).length > 0 && !this.has(token, credential);
	}

	#placesOf({ fingerprint }: AccessToken): readonly string[] {
		const entry = this.#entries.get(fingerprint);
		return entry && entry.until > Date.now() ? entry.places : [];
	}
}

/** The one memory of this process. */
export const deadTokens = new DeadTokens();

/**
 * Where what is learnt of a token counts: at the host that said it. Of a token that may be cut off or another app key's,
 * the host may have meant that, so it counts for the one app key only.
 */
function placeOf(token: AccessToken, { appkey, baseUrl }: KisCredential): string {
	const host = addressOf(baseUrl);
	return isWholeTokenOf(appkey, token) ? host : `${host}\n${appkey}`;
}
