/** A text of JSON, with the colon that makes it a name, or a bracket. */
const TEXTS_AND_BRACKETS = /"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{}]/g;

/**
 * Reads a JSON object. It has no prototype, so that a polluted `Object.prototype` cannot supply fields.
 *
 * @returns `null` if the text is another value, or has a name twice: nobody knows which of them is meant (RFC 8259,
 * section 4).
 *
 * @throws {SyntaxError} for what is no JSON.
 */
export function readJsonObject(text: string): Record<string, unknown> | null {
	const json: unknown = JSON.parse(text);
	if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
	if (Object.keys(json).length !== countNames(text)) return null;
	return Object.setPrototypeOf(json, null) as Record<string, unknown>;
}

/** @returns How many names an object has, its values' own names not counted. */
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
