/** What keeps this process alive just now, such as `Timeout` or `TCPSocketWrap`: how many of each. */
export function resources(): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
	return counts;
}
