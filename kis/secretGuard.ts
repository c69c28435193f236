/** So many consecutive characters of a secret give it away. */
const TELLING_LENGTH = 8;
/** How deep encodings are undone: base64 inside percent-encoding, say. */
const MAX_NESTING = 2;
const WITHHELD = '[Withheld: this text contained a part of a secret]';

/** What keys and tokens do not have, widest first. The owner that a token names may be any text. */
const FOREIGN = [/[^\x21-\x7e]/, /\s/];
const NOTHING = /(?!)/;

/** Keeps secrets out of text that comes from outside. */
export class SecretGuard {
	readonly #short: readonly string[];
	readonly #long: readonly string[];
	/** Most answers of a run have the same text. */
	readonly #shown = new Map<string, string>();
	/** Characters that no secret has. */
	readonly #foreign: RegExp;
	/** Made when it is first needed: KIS's usual answers are Korean, its keys and tokens are ASCII. */
	#parts: PartIndex | null = null;

	/** @param secrets App keys, app secrets and tokens; empty ones are ignored. */
	constructor(secrets: readonly string[]) {
		this.#short = secrets.filter((secret) => secret !== '' && secret.length < TELLING_LENGTH);
		this.#long = secrets.filter((secret) => secret.length >= TELLING_LENGTH);
		this.#foreign = FOREIGN.find((kind) => !this.#long.some((it) => kind.test(it))) ?? NOTHING;
	}

	/** The text as it is; a notice in its place if it holds eight consecutive characters of a secret (a shorter secret: all of it), plain or encoded. */
	show(text: string): string {
		const shown = this.#shown.get(text) ?? (this.reveals(text) ? WITHHELD : text);
		this.#shown.set(text, shown);
		return shown;
	}

	reveals(text: string): boolean {
		return readings(text).some((reading) => this.#contains(reading));
	}

	#contains(reading: string): boolean {
		if (this.#short.some((secret) => reading.includes(secret))) return true;
		for (let i = 0; i + TELLING_LENGTH <= reading.length; i++) {
			const part = reading.slice(i, i + TELLING_LENGTH);
			if (this.#foreign.test(part)) continue;
			this.#parts ??= new PartIndex(this.#long);
			if (this.#parts.has(part)) return true;
		}
		return false;
	}
}

/**
 * All parts of eight characters of many secrets, as a Bloom filter: a sweep has thousands of tokens, and every answer
 * may have a text of its own.
 */
class PartIndex {
	readonly #bits: Uint32Array;
	readonly #secrets: string;

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

/** The text and what it says after undoing JSON, percent, hex, base64 and base64url encoding. */
function readings(text: string): string[] {
	const found = new Set([text]);
	let latest = [text];
	for (let nesting = 0; nesting < MAX_NESTING; nesting++) {
		const decoded = latest.flatMap((reading) => DECODERS.flatMap((decode) => decode(reading)));
		latest = [...new Set(decoded)].filter((reading) => !found.has(reading));
		for (const reading of latest) found.add(reading);
	}
	return [...found];
}

const JSON_ESCAPES: Readonly<Record<string, string>> = {
	b: '\b',
	f: '\f',
	n: '\n',
	r: '\r',
	t: '\t',
};

const DECODERS: ReadonlyArray<(text: string) => string[]> = [
	function json(text) {
		const decoded = text.replace(
			/\\(?:u([0-9a-f]{4})|(.))/gi,
			(_match, unit: string | undefined, char: string) =>
				unit ? String.fromCharCode(parseInt(unit, 16)) : (JSON_ESCAPES[char] ?? char),
		);
		return [decoded];
	},
	function percent(text) {
		const decoded = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
			Buffer.from(run.replaceAll('%', ''), 'hex').toString(),
		);
		return [decoded];
	},
	function hex(text) {
		return runs(text, /[0-9a-f]{2,}/gi, 2, 'hex');
	},
	function base64(text) {
		// Node reads both alphabets, base64 and base64url, as either.
		return runs(text, /[A-Za-z0-9+/_-]{2,}/g, 4, 'base64');
	},
];

/** All runs of an encoding's alphabet, decoded from every offset within its unit: what stands before them may be of the alphabet too. */
function runs(text: string, run: RegExp, unit: number, encoding: 'hex' | 'base64'): string[] {
	const matches = text.match(run) ?? [];
	return Array.from({ length: unit }, (_, offset) =>
		matches.map((match) => Buffer.from(match.slice(offset), encoding).toString()).join('\n'),
	);
}
