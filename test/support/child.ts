import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

const BUILT = resolve(__dirname, '../../dist/kis/http/connection.js');
/** A program that does not end by itself by then is kept alive by something that was left behind. */
const HANGS_MS = 10_000;

// The plain program of someone who uses the built client: it ends when nothing is left to wait for.
const PROGRAM = `
	const [built, options] = process.argv.slice(1);
	const { url, timeoutMs, count, cancelAfterMs } = JSON.parse(options);
	const { Connection } = require(built);
	const connection = new Connection({ url: new URL('/oauth2/revokeP', url), timeoutMs });
	const stop = new AbortController();
	(async () => {
		const exchanges = [];
		const started = performance.now();
		for (let i = 0; i < count; i++) {
			const timer = cancelAfterMs && setTimeout(() => stop.abort(), cancelAfterMs);
			const exchange = await connection.post({ appkey: 'secret' }, stop.signal);
			clearTimeout(timer);
			exchanges.push({ ...exchange, body: exchange.body && Buffer.from(exchange.body).toString() });
		}
		const tookMs = performance.now() - started;
		await connection.close();
		console.log(JSON.stringify({ exchanges, tookMs }));
	})();
`;

export interface ChildOptions {
	readonly timeoutMs?: number;
	/** So many requests, one after the other. */
	readonly count?: number;
	readonly cancelAfterMs?: number;
}

export interface ChildResult {
	readonly exchanges: unknown[];
	readonly tookMs: number;
	/** It ended by itself, and well. */
	readonly endedWell: boolean;
	readonly stderr: string;
}

/** Posts from a Node.js of its own, with the built files and an environment of its own. */
export async function postFromChild(
	url: string,
	env: Readonly<Record<string, string>>,
	{ timeoutMs = 5000, count = 1, cancelAfterMs = 0 }: ChildOptions = {},
): Promise<ChildResult> {
	const options = JSON.stringify({ url, timeoutMs, count, cancelAfterMs });
	return await new Promise((resolve) => {
		execFile(
			process.execPath,
			['-e', PROGRAM, BUILT, options],
			{ env, timeout: HANGS_MS },
			(failed, stdout, stderr) => {
				const said = stdout === '' ? { exchanges: [], tookMs: NaN } : JSON.parse(stdout);
				resolve({ ...said, endedWell: failed === null, stderr });
			},
		);
	});
}
