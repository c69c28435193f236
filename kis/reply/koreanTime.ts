const OFFSET_MS = 9 * 60 * 60 * 1000;

/** ISO 8601 to the second, with Korea's offset (it has no daylight saving time): `2026-11-23T08:16:59+09:00`. */
export function koreanTime(milliseconds: number): string {
	return `${new Date(milliseconds + OFFSET_MS).toISOString().slice(0, 19)}+09:00`;
}

/** As KIS writes a time: Korean, without saying so (`2026-11-23 08:16:59`). */
export function kisTime(milliseconds: number): string {
	return koreanTime(milliseconds).slice(0, 19).replace('T', ' ');
}

const KIS_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** Reads {@link kisTime}: milliseconds since 1970; `null` for what is no such time. */
export function parseKisTime(given: unknown): number | null {
	const text = typeof given === 'string' ? given.trim() : '';
	if (!KIS_TIME.test(text)) return null;
	const milliseconds = Date.parse(`${text.replace(' ', 'T')}+09:00`);
	// A day that its month does not have would be read as one of the next.
	const isTime = !Number.isNaN(milliseconds) && kisTime(milliseconds) === text;
	return isTime ? milliseconds : null;
}
