const OFFSET_MS = 9 * 60 * 60 * 1000;

/** Formats a time as ISO 8601 with Korea's offset: `2026-11-23T08:16:59+09:00`. Korea has no daylight saving time. */
export function koreanTime(milliseconds: number): string {
	return `${new Date(milliseconds + OFFSET_MS).toISOString().slice(0, 19)}+09:00`;
}

/** Formats a time as KIS does, in Korean time without an offset: `2026-11-23 08:16:59`. */
export function kisTime(milliseconds: number): string {
	return koreanTime(milliseconds).slice(0, 19).replace('T', ' ');
}

const KIS_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** Parses KIS's format, see {@link kisTime}. @returns Milliseconds since 1970; `null` for anything else. */
export function parseKisTime(given: unknown): number | null {
	const text = typeof given === 'string' ? given.trim() : '';
	if (!KIS_TIME.test(text)) return null;
	const milliseconds = Date.parse(`${text.replace(' ', 'T')}+09:00`);
	// Date.parse reads 30 February as a day in March.
	const isTime = !Number.isNaN(milliseconds) && kisTime(milliseconds) === text;
	return isTime ? milliseconds : null;
}
