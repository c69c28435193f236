/** How deep encodings are undone: base64 inside percent-encoding, say. */
const MAX_NESTING = 2;

/** The text and what it says after undoing JSON, percent, hex, base64 and base64url encoding. */
export function readings(text: string): string[] {
	const found = new Set([text]);
	let latest = [text];
	for (let nesting = 0; nesting < MAX_NESTING; nesting++) {
		const decoded = latest.flatMap((reading) => DECODERS.flatMap((decode) => decode(reading)));
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

const DECODERS: ReadonlyArray<(text: string) => string[]> = [
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
	function hex(text) {
		return runs(text, /[0-9a-f]{2,}/gi, 2, 'hex');
	},
	function base64(text) {
		// Node reads both alphabets, base64 and base64url, as either.
		return runs(text, /[A-Za-z0-9+/_-]{2,}/g, 4, 'base64');
	},
];

/** All runs of an encoding's alphabet, decoded from every offset within its unit: what stands before them may be of the alphabet too. */
function runs(text: string, run: RegExp, unit: number, encoding: 'hex' | 'base64'): string[] {
	const matches = text.match(run) ?? [];
	return Array.from({ length: unit }, (_, offset) =>
		matches.map((match) => Buffer.from(match.slice(offset), encoding).toString()).join('\n'),
	);
}
