/** So many consecutive characters of a secret give it away. */
export const TELLING_LENGTH = 8;

/**
 * All parts of eight characters of many secrets, as a Bloom filter: a sweep has thousands of tokens, and every answer
 * may have a text of its own.
 */
export class PartIndex {
	readonly #bits: Uint32Array;
	readonly #secrets: string;

	/** @param secrets Of {@link TELLING_LENGTH} characters or more. */
	constructor(secrets: readonly string[]) {
		const parts = secrets.reduce((sum, { length }) => sum + length - TELLING_LENGTH + 1, 0);
		const words = 2 ** Math.ceil(Math.log2((parts * BITS_PER_PART) / 32 + 1));
		this.#bits = new Uint32Array(words);
		for (const secret of secrets) this.#add(secret);
		this.#secrets = secrets.join('\n');
	}

	has(part: string): boolean {
		let rolled = 0;
		for (let i = 0; i < TELLING_LENGTH; i++) rolled = roll(rolled, part.charCodeAt(i), 0);
		const hash = mix(rolled);
		// The filter spares most searches; a search makes sure.
		return this.#isSet(hash) && this.#isSet(mix(hash)) && this.#secrets.includes(part);
	}

	#add(secret: string): void {
		let rolled = 0;
		for (let i = 0; i < secret.length; i++) {
			const leaving = i < TELLING_LENGTH ? 0 : secret.charCodeAt(i - TELLING_LENGTH);
			rolled = roll(rolled, secret.charCodeAt(i), leaving);
			if (i < TELLING_LENGTH - 1) continue;
			const hash = mix(rolled);
			this.#set(hash);
			this.#set(mix(hash));
		}
	}

	#set(hash: number): void {
		this.#bits[(hash >>> 5) & (this.#bits.length - 1)] |= 1 << hash;
	}

	#isSet(hash: number): boolean {
		return (this.#bits[(hash >>> 5) & (this.#bits.length - 1)] & (1 << hash)) !== 0;
	}
}

/** So that, with two bits set for a part, few of those that no secret has find both set. */
const BITS_PER_PART = 8;
const BASE = 0x01000193;
const BASE_OF_LEAVING = Array<number>(TELLING_LENGTH).fill(BASE).reduce(Math.imul);

/** The hash of eight UTF-16 units, from that of the eight before (Rabin and Karp's). */
function roll(hash: number, entering: number, leaving: number): number {
	return (Math.imul(hash, BASE) - Math.imul(leaving, BASE_OF_LEAVING) + entering) | 0;
}

/** Spreads a hash over all its bits. */
function mix(hash: number): number {
	const half = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
	return Math.imul(half ^ (half >>> 15), 0x846ca68b);
}
