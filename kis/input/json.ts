/** JSON strings, with the colon that makes one a name. */
const TEXTS = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

/**
 * Parses a JSON object. The result has no prototype, so that a polluted `Object.prototype` cannot supply fields.
 *
 * @returns `null` for any other JSON value, and where an object in it has duplicate names, whose meaning is not defined.
 * @throws {SyntaxError} if the text is not JSON.
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-4
 */
export function readJsonObject(text: string): Record<string, unknown> | null {
	const json: unknown = JSON.parse(text);
	if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
	if (!hasUniqueNames(text, json)) return null;
	return { __proto__: null, ...json };
}

function hasUniqueNames(text: string, json: object): boolean {
	const values: unknown[] = Object.values(json);
	const isPlain = !text.includes('\\') && values.every((value) => typeof value !== 'object');
	if (!isPlain) return countNamesIn(text) === countNamesOf(json);
	// Without escapes and nesting, each name and each text has two quotation marks, those of a repeated name too.
	const texts = values.filter((value) => typeof value === 'string').length;
	return text.split('"').length - 1 === 2 * (values.length + texts);
}

function countNamesIn(text: string): number {
	return [...text.matchAll(TEXTS)].filter(([, colon]) => colon !== undefined).length;
}

/** Without recursion, since nesting may be deep. */
function countNamesOf(json: object): number {
	const objects = [json];
	let names = 0;
	for (const object of objects) {
		const values: unknown[] = Object.values(object);
		if (!Array.isArray(object)) names += values.length;
		for (const value of values) {
			if (typeof value === 'object' && value !== null) objects.push(value);
		}
	}
	return names;
}
