/** How deep encodings are undone: base64 inside percent-encoding, say. */
const MAX_NESTING = 2;

/**
 * Returns the text and what it says after undoing JSON, percent, hex, base64 and base64url encoding.
 *
 * @param least In bytes: what hex and base64 say in less is left out.
 */
export function decodings(text: string, least: number): string[] {
	const found = new Set([text]);
	let latest = [text];
	for (let nesting = 0; nesting < MAX_NESTING; nesting++) {
		const decoded = latest.flatMap((it) => DECODERS.flatMap((decode) => decode(it, least)));
		latest = [...new Set(decoded)].filter((reading) => !found.has(reading));
		for (const reading of latest) found.add(reading);
	}
	return [...found];
}

const JSON_ESCAPES: Readonly<Record<string, string>> = {
	b: '\b',
	f: '\f',
	n: '\n',
	r: '\r',
	t: '\t',
};

const DECODERS: ReadonlyArray<(text: string, least: number) => string[]> = [
	function json(text) {
		const decoded = text.replace(
			/\\(?:u([0-9a-f]{4})|(.))/gi,
			(_match, unit: string | undefined, char: string) =>
				unit ? String.fromCharCode(parseInt(unit, 16)) : (JSON_ESCAPES[char] ?? char),
		);
		return [decoded];
	},
	function percent(text) {
		const decoded = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
			Buffer.from(run.replaceAll('%', ''), 'hex').toString(),
		);
		return [decoded];
	},
	function hex(text, least) {
		return fromEveryOffset(text.match(/[0-9a-f]{2,}/gi), 'hex', 2, least * 2);
	},
	function base64(text, least) {
		// Node reads both alphabets, base64 and base64url, as either.
		return fromEveryOffset(text.match(/[A-Za-z0-9+/_-]{2,}/g), 'base64', 4, (least * 8) / 6);
	},
];

/** Decodes runs of an encoding's alphabet from every offset within its unit: what stands before them may be of the alphabet too. */
function fromEveryOffset(
	runs: readonly string[] | null,
	encoding: 'hex' | 'base64',
	unit: number,
	leastLength: number,
): string[] {
	const long = (runs ?? []).filter(({ length }) => length >= leastLength);
	if (long.length === 0) return [];
	return Array.from({ length: unit }, (_, offset) =>
		long.map((run) => Buffer.from(run.slice(offset), encoding).toString()).join('\n'),
	);
}
