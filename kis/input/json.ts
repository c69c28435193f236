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

function countNamesOf(json: object): number {
	let names = 0;
	for (const object of objectsIn(json)) {
		if (!Array.isArray(object)) names += Object.keys(object).length;
	}
	return names;
}

/** Returns a parsed object or list with all that are in it, however deep. Without recursion, since JSON may nest deeply. */
export function objectsIn(json: object): object[] {
	const objects = [json];
	for (const object of objects) {
		for (const value of Object.values(object) as unknown[]) {
			if (typeof value === 'object' && value !== null) objects.push(value);
		}
	}
	return objects;
}
