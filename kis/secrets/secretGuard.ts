import { mapInTurns } from '../turns';
import { decodings } from './decodings';

/** How many consecutive characters of a secret count as revealing it. */
const TELLING_LENGTH = 8;
/** Longer texts are cut. KIS's page allows messages less than half as long. */
const MAX_TEXT_LENGTH = 1000;
const WITHHELD = '[Withheld: this text contained a part of a secret, or what looks like one]';

/**
 * What looks like anybody's key or token: the start of a JWT's part (`{"typ"`, `{"alg"` or `{"sub"`), an app key (`PS` and
 * 34 more characters), and long base64 or base64url, such as an app secret.
 */
const LOOKS_SECRET = /eyJ[\w-]{4}i|PS[\w+/-]{34}|[A-Za-z0-9+/]{40}|[\w-]{40}/;

/** Runs of characters that can be part of a secret. The app key that a token names may contain any character. */
const ASCII_RUN = /[\x21-\x7e]{8,}/g;
const RUN_WITHOUT_BLANKS = /\S{8,}/g;
const ANY_RUN = /[^]{8,}/g;

/**
 * Keeps secrets out of text from outside. Secrets are the key pair, however short, and tokens of eight characters or more:
 * ordinary text contains shorter ones by chance.
 */
export class SecretGuard {
	readonly #short: readonly string[];
	readonly #long: readonly string[];
	/** The narrowest kind of run that all secrets fit. Only such runs are searched, which skips most Korean text. */
	readonly #run: RegExp;
	/** The fewest characters that can reveal a secret. */
	readonly #least: number;

	/** @param keys App keys and app secrets. Empty ones are ignored. */
	constructor(keys: readonly string[]) {
		this.#short = keys.filter((key) => key !== '' && key.length < TELLING_LENGTH);
		this.#long = keys.filter((key) => key.length >= TELLING_LENGTH);
		const fitsAll = (run: RegExp) =>
			this.#long.every((secret) => secret.match(run)?.[0] === secret);
		this.#run = [ASCII_RUN, RUN_WITHOUT_BLANKS].find(fitsAll) ?? ANY_RUN;
		this.#least = Math.min(TELLING_LENGTH, ...this.#short.map(({ length }) => length));
	}

	/** Returns a guard that keeps these tokens secret too, or the app keys that they name. */
	and(...tokens: readonly string[]): SecretGuard {
		const telling = tokens.filter(
			(token) => token.length >= TELLING_LENGTH && !this.#long.includes(token),
		);
		return new SecretGuard([...this.#short, ...this.#long, ...telling]);
	}

	/** Returns the text, cut if it is long, or a notice instead if it reveals a secret. */
	show(text: string): string {
		// A copy: a slice would keep the whole text in memory.
		const start =
			text.length <= MAX_TEXT_LENGTH
				? text
				: Buffer.from(text.slice(0, MAX_TEXT_LENGTH)).toString();
		return this.reveals(start) ? WITHHELD : start;
	}

	/** Returns whether a text, plain or decoded, contains eight consecutive characters of a secret, or what looks like one. */
	reveals(text: string): boolean {
		if (!this.#isLongEnough(text)) return false;
		return decodings(text, this.#least).some(
			(reading) =>
				LOOKS_SECRET.test(reading) ||
				this.#short.some((key) => reading.includes(key)) ||
				this.#quotes(reading),
		);
	}

	/** Returns whether a token, which looks like a secret itself, contains eight consecutive characters of one. */
	isQuotedIn(token: string): boolean {
		return decodings(token, TELLING_LENGTH).some((reading) => this.#quotes(reading));
	}

	/** Decoding lengthens and joins no runs, so a text whose runs are all too short for a secret stays so. */
	#isLongEnough(text: string): boolean {
		return this.#least < TELLING_LENGTH || text.search(this.#run) >= 0;
	}

	#quotes(reading: string): boolean {
		return parts(reading, this.#run).some((part) => this.#long.some((it) => it.includes(part)));
	}
}

/**
 * Finds the parts of tokens that a text quotes, in turns of the event loop: there may be thousands of tokens.
 *
 * @returns The parts of eight characters, as secrets for a guard.
 */
export async function quotedParts(text: string, tokens: readonly string[]): Promise<string[]> {
	const readings = decodings(text, TELLING_LENGTH);
	const said = [...new Set(readings.flatMap((it) => parts(it, RUN_WITHOUT_BLANKS)))];
	const quoted = await mapInTurns(tokens, (token) => said.filter((part) => token.includes(part)));
	return [...new Set(quoted.flat())];
}

/** Returns all parts of eight characters, of all runs. */
function parts(text: string, run: RegExp): string[] {
	const found: string[] = [];
	for (const it of text.match(run) ?? []) {
		for (let end = TELLING_LENGTH; end <= it.length; end++) {
			found.push(it.slice(end - TELLING_LENGTH, end));
		}
	}
	return found;
}
