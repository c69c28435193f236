/** A JSON string, with the colon that makes it a name, or a bracket. */
const TEXTS_AND_BRACKETS = /"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{}]/g;

/**
 * Parses a JSON object. The result has no prototype, so that a polluted `Object.prototype` cannot supply fields.
 *
 * @returns `null` for any other JSON value, and for an object with duplicate names, whose meaning is not defined.
 * @throws {SyntaxError} if the text is not JSON.
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-4
 */
export function readJsonObject(text: string): Record<string, unknown> | null {
	const json: unknown = JSON.parse(text);
	if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
	if (!hasUniqueNames(text, Object.values(json))) return null;
	return { __proto__: null, ...json };
}

/** @param values What was parsed: one for each distinct name. */
function hasUniqueNames(json: string, values: readonly unknown[]): boolean {
	const isPlain = !json.includes('\\') && values.every((value) => typeof value !== 'object');
	if (!isPlain) return countNames(json) === values.length;
	// Without escapes and nesting, each name and each text has two quotation marks, those of a repeated name too.
	const texts = values.filter((value) => typeof value === 'string').length;
	return json.split('"').length - 1 === 2 * (values.length + texts);
}

/** Counts the names of an object, without those of nested objects. */
function countNames(json: string): number {
	let depth = 0;
	let names = 0;
	for (const [found, colon] of json.matchAll(TEXTS_AND_BRACKETS)) {
		if (found === '{' || found === '[') depth++;
		else if (found === '}' || found === ']') depth--;
		else if (colon !== undefined && depth === 1) names++;
	}
	return names;
}
