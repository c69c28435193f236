import type { Run } from './workflow';

const TELLING = 8;

/** A secret in each encoding, and the length of what eight of its characters become. */
function shapesOf(secret: string): Array<[shape: string, telling: number]> {
	const bytes = Buffer.from(secret);
	return [
		[secret, TELLING],
		[encodeURIComponent(secret), TELLING * 3],
		[bytes.toString('hex'), TELLING * 2],
		[bytes.toString('hex').toUpperCase(), TELLING * 2],
		[bytes.toString('base64'), TELLING * 2],
		[bytes.toString('base64url'), TELLING * 2],
	];
}

/** Stored by n8n itself, whatever the node does: the input, and the workflow. */
export function withoutInput(run: Run): string {
	const { resultData } = run.stored.data;
	const { 'KIS Token': ours = [] } = resultData.runData;
	const errorItems = run.errorItems.map(({ json }) => json.error);
	return JSON.stringify([
		ours.map(({ data, ...task }) => ({ ...task, data: data?.main[0] })),
		errorItems,
		resultData.error,
		// JSON leaves these out; n8n's log and its error reports do not.
		run.error && [run.error.message, (run.error as unknown as Error).stack],
	]);
}

/** The first part of the text that gives a secret away, if any. */
export function found(text: string, secrets: readonly string[]): string | undefined {
	const byLength = new Map<number, Set<string>>();
	for (const [shape, telling] of secrets.flatMap(shapesOf)) {
		const parts = byLength.get(telling) ?? new Set();
		byLength.set(telling, parts);
		for (let i = 0; i + telling <= shape.length; i++) parts.add(shape.slice(i, i + telling));
	}
	for (const [telling, parts] of byLength) {
		for (let i = 0; i + telling <= text.length; i++) {
			const part = text.slice(i, i + telling);
			if (parts.has(part)) return part;
		}
	}
	return undefined;
}
