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
	if (Object.keys(json).length !== countNames(text)) return null;
	return { __proto__: null, ...json };
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
