const OFFSET_MS = 9 * 60 * 60 * 1000;

/** ISO 8601 to the second, with Korea's offset (it has no daylight saving time): `2026-11-23T08:16:59+09:00`. */
export function koreanTime(milliseconds: number): string {
	return `${new Date(milliseconds + OFFSET_MS).toISOString().slice(0, 19)}+09:00`;
}

/**
 * Reads a time as KIS writes it: Korean, without saying so (`2026-11-23 08:16:59`).
 *
 * @returns Milliseconds since 1970; `null` for what is no such time.
 */
export function parseKoreanTime(text: unknown): number | null {
	if (typeof text !== 'string') return null;
	const iso = `${text.trim().replace(' ', 'T')}+09:00`;
	const milliseconds = Date.parse(iso);
	// A day that its month does not have would be read as one of the next.
	return !Number.isNaN(milliseconds) && koreanTime(milliseconds) === iso ? milliseconds : null;
}
