import type { IExecuteFunctions } from 'n8n-workflow';

import { parseAccessToken, secretsOf } from '../../../kis/input/accessToken';
import type { KisCredential } from '../../../kis/input/credential';
import { InvalidInput } from '../../../kis/input/invalidInput';
import { quotable } from '../../../kis/reply/explanation';
import { SecretGuard } from '../../../kis/secrets/secretGuard';

/** n8n's own reasons are shorter. A longer one quotes something. */
const MAX_REASON_LENGTH = 300;
/** The most characters of an item that are searched for secrets, each time an expression fails. */
const MAX_ITEM_LENGTH = 32 * 1024;

/** A parameter with an expression that n8n could not evaluate for an item. */
export interface Unevaluated {
	readonly context: IExecuteFunctions;
	readonly name: string;
	readonly itemIndex: number;
}

/**
 * Returns n8n's own words on why it could not evaluate an expression; `null` if they might quote a secret.
 *
 * An expression can read the data of any node, and its error may quote that data: whole, cut short, or in another case.
 * The words pass only if every one of them is an ordinary word, or a name that the expression uses itself. They must
 * also contain no part of the key pair, and no part of anything in the item that could be a token.
 *
 * @param error What n8n threw.
 * @param credential The credential whose keys must not be quoted, if it could be read.
 */
export function reasonOfN8n(
	error: unknown,
	{ context, name, itemIndex }: Unevaluated,
	credential?: KisCredential | InvalidInput,
): string | null {
	try {
		const { json } = context.getInputData()[itemIndex];
		const typed: unknown = context.getNodeParameter(name, itemIndex, '', { rawExpressions: true });
		const secrets = [...keysOf(credential), ...possibleTokens(json)];
		const guard = new SecretGuard([]).and(...secrets);
		const guardOfLetters = new SecretGuard([]).and(...secrets.map(lettersAndDigits));
		const names = new Set([
			...NAMES_OF_N8N,
			...namesIn(String(typed)),
			...wordsOf(context.getNode().name),
		]);
		const isHarmless = (text: string) =>
			wordsOf(text).every((word) => ORDINARY.test(word) || names.has(word)) &&
			!guard.reveals(text) &&
			!guardOfLetters.isQuotedIn(lettersAndDigits(text));
		const texts = textsOf(error)
			.map(withoutMarkup)
			.filter((text) => text !== '');
		return [...new Set(texts)].filter(isHarmless).join('. ') || null;
	} catch {
		// The error, the expression or the item cannot be read, so nobody knows what the error quotes.
		return null;
	}
}

/** Returns the message, the template that the editor shows instead (unless it has placeholders), and the description. */
function textsOf(error: unknown): string[] {
	const { message, context, description }: Partial<Record<string, unknown>> = Object(error);
	const { messageTemplate }: Partial<Record<string, unknown>> = Object(context);
	return [message, messageTemplate, description].filter(
		(text): text is string =>
			typeof text === 'string' && text.length <= MAX_REASON_LENGTH && !/%%|\{\{/.test(text),
	);
}

function keysOf(credential: KisCredential | InvalidInput | undefined): string[] {
	return credential === undefined || credential instanceof InvalidInput
		? []
		: [credential.appkey, credential.appsecret];
}

/** Reduces a text for comparison, so that a secret is found in another case or with characters in between. */
function lettersAndDigits(text: string): string {
	return text.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase();
}

/** Prepares a text for display: removes the tags that n8n puts into descriptions, and the full stop. */
function withoutMarkup(text: string): string {
	return quotable(text.replace(/<[^>]*>/g, ''))
		.trim()
		.replace(/\.$/, '');
}

/**
 * Matches a word, an abbreviation, a compound such as `value_if_true` or `non-zero`, or a small number. Eight characters of
 * a key or a token rarely look like that.
 */
const ORDINARY =
	/^(?:\p{Lu}?\p{Ll}+|\p{Lu}{1,7}|\p{Lo}+|\d{1,3})(?:[-_.'’](?:\p{Lu}?\p{Ll}+|\p{Lu}{1,7}|\p{Lo}+))*$/u;

/** Words in n8n's own reasons that are not ordinary words. */
const NAMES_OF_N8N = ['DateTime', 'NodeName'];

/**
 * Splits a text into words. `+`, `/` and `=` belong to a word, and so does punctuation between letters or digits: they are
 * parts of base64 and of a JWT.
 */
function wordsOf(text: string): string[] {
	return text
		.split(/[\s"“”‘`()[\]{}<>,:;?!#$]|[-.'’](?![\p{L}\p{N}])|(?<![\p{L}\p{N}])[-.'’]/u)
		.filter((word) => word !== '');
}

/** Returns the names that an expression uses: properties, methods such as `toNumber`, and the words of node names. */
function namesIn(expression: string): string[] {
	const properties = [...expression.matchAll(/\.([A-Za-z_$][\w$]*)/g)].map(([, name]) => name);
	const nodes = [...expression.matchAll(/\$(?:node|items)?[([]\s*(['"`])([^'"`]+)\1/g)];
	return [...properties, ...nodes.flatMap(([, , name]) => wordsOf(name))];
}

/**
 * Returns what could be a token in an item: the texts that the node would accept as one, and every word of the other
 * texts that is not an ordinary word.
 *
 * @throws {RangeError} if the item is too large to be searched each time an expression fails.
 */
function possibleTokens(json: unknown): string[] {
	const found: string[] = [];
	let length = 0;
	JSON.stringify(json, (_key, value: unknown) => {
		if (typeof value !== 'string') return value;
		length += value.length;
		if (length > MAX_ITEM_LENGTH) throw new RangeError('The item is too large.');
		const token = parseAccessToken(value);
		if (token instanceof InvalidInput) {
			found.push(...wordsOf(value).filter((word) => !ORDINARY.test(word)));
		} else {
			found.push(...secretsOf(token));
		}
		return value;
	});
	return found;
}
