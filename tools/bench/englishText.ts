const WORDS =
	'the request could not be processed because an upstream server is temporarily unavailable please try again later authentication certificate connection timeout exceeded while waiting for a response from the gateway'.split(
		' ',
	);
const LENGTH = 24;

/** What a server might say, some 170 characters: another text for every number. */
export function englishText(number: number): string {
	const words = Array.from(
		{ length: LENGTH },
		(_, i) => WORDS[(number * 7 + i * i) % WORDS.length],
	);
	return `${words.join(' ')} ${number}.`;
}
