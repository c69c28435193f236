/** Milliseconds on the clock that all processes of a computer share. */
export function sharedClock(): number {
	return Number(process.hrtime.bigint()) / 1e6;
}
