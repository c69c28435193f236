import { decodings } from './decodings';
import { nextTurn, turnIsOver } from '../turns';

/** So many consecutive characters of a secret give it away. */
const TELLING_LENGTH = 8;
/** More than twice what KIS's page allows a message; the rest of a longer text is cut. */
const MAX_TEXT_LENGTH = 1000;
const WITHHELD = '[Withheld: this text contained a part of a secret, or what looks like one]';

/**
 * What looks like a key or a token, whosever it is: the start of a JWT's part (`{"typ"`, `{"alg"` or `{"sub"`), an app
 * key (`PS` and 34 more characters), and base64 or base64url that is longer than a word, such as an app secret.
 */
const LOOKS_SECRET = /eyJ[\w-]{4}i|PS[\w+/-]{34}|[A-Za-z0-9+/]{40}|[\w-]{40}/;

/** Characters as secrets have them, enough to give one away. The owner that a token names may have any character. */
const ASCII_RUN = /[\x21-\x7e]{8,}/g;
const RUN_WITHOUT_BLANKS = /\S{8,}/g;
const ANY_RUN = /[^]{8,}/g;

/**
 * Keeps secrets out of text that comes from outside, and says what counts as one: the key pair, whatever its length, and
 * tokens of eight characters or more. What is shorter is part of what everybody says.
 */
export class SecretGuard {
	readonly #short: readonly string[];
	readonly #long: readonly string[];
	/** Only what is of the narrowest kind that all secrets fit can be a part of one: most Korean text is passed over by that. */
	readonly #run: RegExp;

	/** @param keys App keys and app secrets; empty ones are ignored. */
	constructor(keys: readonly string[]) {
		this.#short = keys.filter((key) => key !== '' && key.length < TELLING_LENGTH);
		this.#long = keys.filter((key) => key.length >= TELLING_LENGTH);
		const fitsAll = (run: RegExp) =>
			this.#long.every((secret) => secret.match(run)?.[0] === secret);
		this.#run = [ASCII_RUN, RUN_WITHOUT_BLANKS].find(fitsAll) ?? ANY_RUN;
	}

	/** Returns a guard that keeps these too: tokens, and the app keys that they name. */
	and(...tokens: readonly string[]): SecretGuard {
		const telling = tokens.filter(({ length }) => length >= TELLING_LENGTH);
		return new SecretGuard([...this.#short, ...this.#long, ...telling]);
	}

	/** Returns the text, cut if it is long; a notice in its place if it reveals something. */
	show(text: string): string {
		// A copy: a slice would keep the whole text in memory for as long as the token is remembered.
		const start =
			text.length <= MAX_TEXT_LENGTH
				? text
				: Buffer.from(text.slice(0, MAX_TEXT_LENGTH)).toString();
		return this.reveals(start) ? WITHHELD : start;
	}

	/** Whether a text holds, plain or encoded, eight consecutive characters of a secret (a shorter key: all of it) or what looks like one. */
	reveals(text: string): boolean {
		const least = Math.min(TELLING_LENGTH, ...this.#short.map(({ length }) => length));
		return decodings(text, least).some(
			(reading) =>
				LOOKS_SECRET.test(reading) ||
				this.#short.some((key) => reading.includes(key)) ||
				this.#quotes(reading),
		);
	}

	/** Whether a token, which looks secret itself and holds any short text by chance, holds a part of a secret. */
	isQuotedIn(token: string): boolean {
		return decodings(token, TELLING_LENGTH).some((reading) => this.#quotes(reading));
	}

	#quotes(reading: string): boolean {
		return parts(reading, this.#run).some((part) => this.#long.some((it) => it.includes(part)));
	}
}

/**
 * Finds what a text that was shown quotes of tokens, of which there may be thousands.
 *
 * @returns Parts of them, as secrets for a guard; empty where it quotes nothing.
 */
export async function quotedParts(text: string, tokens: readonly string[]): Promise<string[]> {
	const said = new Set(
		decodings(text, TELLING_LENGTH).flatMap((it) => parts(it, RUN_WITHOUT_BLANKS)),
	);
	const quoted = new Set<string>();
	for (const token of tokens) {
		while (turnIsOver()) await nextTurn();
		for (const part of said) if (token.includes(part)) quoted.add(part);
	}
	return [...quoted];
}

/** All parts of eight characters. */
function parts(text: string, run: RegExp): string[] {
	const found: string[] = [];
	for (const it of text.match(run) ?? []) {
		for (let end = TELLING_LENGTH; end <= it.length; end++) {
			found.push(it.slice(end - TELLING_LENGTH, end));
		}
	}
	return found;
}
