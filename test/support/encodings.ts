const jsonOf = (text: string) => JSON.stringify(text).slice(1, -1);
const hexOf = (text: string) => Buffer.from(text).toString('hex');
const each = (text: string, write: (unit: string) => string) => text.split('').map(write).join('');

export const fourHexDigits = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, '0');

/** How a server or a proxy might echo a text. */
export const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
	plain: (text) => text,
	json: jsonOf,
	jsonUnits: (text) => each(text, (unit) => `\\u${fourHexDigits(unit)}`),
	jsonUnitsUpper: (text) => each(text, (unit) => `\\u${fourHexDigits(unit).toUpperCase()}`),
	jsonSlash: (text) => jsonOf(text).replaceAll('/', '\\/'),
	percent: (text) => encodeURIComponent(Buffer.from(text).toString()),
	percentAll: (text) => hexOf(text).replace(/../g, '%$&'),
	percentUpper: (text) => hexOf(text).toUpperCase().replace(/../g, '%$&'),
	hex: hexOf,
	hexUpper: (text) => hexOf(text).toUpperCase(),
	base64: (text) => Buffer.from(text).toString('base64'),
	base64url: (text) => Buffer.from(text).toString('base64url'),
};

/** Eight consecutive characters of a secret in a text, in any one encoding. The guard is not asked. */
export function leaks(text: string, secrets: readonly string[]): string[] {
	const encodings = Object.values(ENCODINGS);
	return secrets
		.flatMap((secret) => {
			const characters = [...secret];
			return characters.slice(7).map((_, start) => characters.slice(start, start + 8).join(''));
		})
		.filter((part) => encodings.some((encode) => text.includes(encode(part))));
}
