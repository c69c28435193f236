/**
 * Reads a JSON object, `null` if the text is another value. It has no prototype: what a program has put on that of all
 * objects is not what KIS says.
 *
 * @throws {SyntaxError} for what is no JSON.
 */
export function readJsonObject(text: string): Record<string, unknown> | null {
	const json: unknown = JSON.parse(text);
	if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
	return Object.setPrototypeOf(json, null) as Record<string, unknown>;
}
