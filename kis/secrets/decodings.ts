/** How deep encodings may nest, such as base64 inside percent-encoding. */
const MAX_NESTING = 2;

/**
 * Returns a text and everything that it decodes to from JSON, percent, hex, base64 and base64url encoding, nested too.
 *
 * @param least The shortest hex or base64 content to decode, in bytes.
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
		// Node.js decodes both alphabets, base64 and base64url, with either name.
		return fromEveryOffset(text.match(/[A-Za-z0-9+/_-]{2,}/g), 'base64', 4, (least * 8) / 6);
	},
];

/** Decodes runs of an encoding's alphabet from every offset in its unit, since text before the encoded part may match too. */
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
