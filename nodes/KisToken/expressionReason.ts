import type { IExecuteFunctions } from 'n8n-workflow';

import { parseAccessToken } from '../../kis/input/accessToken';
import type { KisCredential } from '../../kis/input/credential';
import { SecretGuard } from '../../kis/secrets/secretGuard';
import { InvalidInput } from '../../kis/input/invalidInput';
import { quotable } from './quotable';

/** n8n's own reasons are shorter; what is longer quotes something. */
const MAX_REASON_LENGTH = 300;
/** Of all texts of an item, which are compared with each reason. */
const MAX_ITEM_LENGTH = 32 * 1024;

/** What n8n could not evaluate. */
export interface Expression {
	/** The parameter, as n8n stores it: with the expression as it was typed. */
	readonly raw: unknown;
	/** The name of the node that has it. */
	readonly node: string;
	/** What it was evaluated with. */
	readonly json: unknown;
}

/** Returns a parameter as it was typed, and the item; `null` if n8n does not give them. */
export function expressionOf(
	context: IExecuteFunctions,
	name: string,
	itemIndex: number,
): Expression | null {
	try {
		const raw: unknown = context.getNodeParameter(name, itemIndex, '', { rawExpressions: true });
		const { name: node } = context.getNode();
		return { raw, node, json: context.getInputData()[itemIndex]?.json };
	} catch {
		return null;
	}
}

/**
 * Returns why n8n could not evaluate an expression, in its own words; `null` where they might quote a secret.
 *
 * An expression reads data of any node, and its error may quote them: whole, cut or in other letters. So its words pass
 * only if they are those of a sentence, or name a property or a node as the expression does. Nor may they hold a part of
 * the key pair or of what could be a token in the item, or what looks like either.
 *
 * @param error What n8n threw.
 * @param credential Whose keys must not be quoted, if they are known.
 */
export function reasonOfN8n(
	error: unknown,
	expression: Expression | null,
	credential?: KisCredential | InvalidInput,
): string | null {
	if (expression === null) return null;
	try {
		const secrets = [...keysOf(credential), ...possibleTokens(expression.json)];
		const guard = new SecretGuard([]).and(...secrets);
		const guardOfLetters = new SecretGuard([]).and(...secrets.map(lettersAndDigits));
		const names = new Set([
			...NAMES_OF_N8N,
			...namesIn(expression.raw),
			...wordsOf(expression.node),
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
		// What was thrown, or the item, is no plain object: it cannot be told what is quoted.
		return null;
	}
}

/** The message, what the editor shows in its place unless that has gaps to be filled, and the description. */
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

/** To be compared: a secret whose letters were changed to lower case, or set apart, is still found. */
function lettersAndDigits(text: string): string {
	return text.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase();
}

/** To be shown: without the tags that n8n puts into descriptions, and without the full stop. */
function withoutMarkup(text: string): string {
	return quotable(text.replace(/<[^>]*>/g, ''))
		.trim()
		.replace(/\.$/, '');
}

/**
 * A word of a language, an abbreviation, such as `value_if_true` or `non-zero`, or a small number: what eight characters
 * of a key or a token are only by a rare chance.
 */
const ORDINARY =
	/^(?:\p{Lu}?\p{Ll}+|\p{Lu}{1,7}|\p{Lo}+|\d{1,3})(?:[-_.'’](?:\p{Lu}?\p{Ll}+|\p{Lu}{1,7}|\p{Lo}+))*$/u;

/** In its reasons, and no ordinary words. */
const NAMES_OF_N8N = ['DateTime', 'NodeName'];

/** `+`, `/`, `=` and what stands between letters or digits are parts of a word, as they are of base64 and of a JWT. */
function wordsOf(text: string): string[] {
	return text
		.split(/[\s"“”‘`()[\]{}<>,:;?!#$]|[-.'’](?![\p{L}\p{N}])|(?<![\p{L}\p{N}])[-.'’]/u)
		.filter((word) => word !== '');
}

/** What an expression names: properties, methods such as `toNumber`, and the words of nodes' names. */
function namesIn(raw: unknown): string[] {
	const text = typeof raw === 'string' ? raw : '';
	const properties = [...text.matchAll(/\.([A-Za-z_$][\w$]*)/g)].map(([, name]) => name);
	const nodes = [...text.matchAll(/\$(?:node|items)?[([]\s*(['"`])([^'"`]+)\1/g)];
	return [...properties, ...nodes.flatMap(([, , name]) => wordsOf(name))];
}

/**
 * Returns the texts of an item that the node would take for a token, and words of its other texts that no language has.
 *
 * @throws {RangeError} for an item that is too large to be searched for every expression that fails.
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
			found.push(token.value, token.claims?.appkey ?? '');
		}
		return value;
	});
	return found;
}
