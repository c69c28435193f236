import { PartIndex, TELLING_LENGTH } from './partIndex';
import { readings } from './readings';

const WITHHELD = '[Withheld: this text contained a part of a secret]';

/**
 * A text with a character of a kind that no secret has is no part of a secret: most Korean text is passed over by that.
 * The widest kind counts that fits all secrets; the owner that a token names may have any character.
 */
const FOREIGN = [/[^\x21-\x7e]/, /\s/];
const NOTHING = /(?!)/;
/** How the parts of a KIS token start, `{"typ"`, `{"alg"` or `{"sub"`: the server may quote one that this process does not know. */
const JWT = /eyJ[\w-]{4}i/;

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

	readonly #also: SecretGuard | undefined;

	/**
	 * @param secrets App keys, app secrets and tokens; empty ones are ignored.
	 * @param also Keeps others.
	 */
	constructor(secrets: readonly string[], also?: SecretGuard) {
		this.#also = also;
		this.#short = secrets.filter((secret) => secret !== '' && secret.length < TELLING_LENGTH);
		this.#long = secrets.filter((secret) => secret.length >= TELLING_LENGTH);
		this.#foreign = FOREIGN.find((kind) => !this.#long.some((it) => kind.test(it))) ?? NOTHING;
	}

	/** The text as it is; a notice in its place if it holds eight consecutive characters of a secret (a shorter secret: all of it) or what looks like a token, plain or encoded. */
	show(text: string): string {
		const shown = this.#shown.get(text) ?? (this.reveals(text) ? WITHHELD : text);
		this.#shown.set(text, shown);
		return shown;
	}

	reveals(text: string): boolean {
		if (this.#also?.reveals(text)) return true;
		return readings(text).some((reading) => JWT.test(reading) || this.#contains(reading));
	}

	/** Whether a token holds a secret: to {@link reveals} it would be one itself. */
	isIn(token: string): boolean {
		return readings(token).some((reading) => this.#contains(reading));
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
