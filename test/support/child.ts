import { resolve } from 'node:path';

import { run, type Ended, type RunOptions } from '../../tools/common/run';

const BUILT = resolve(__dirname, '../../dist/kis/http/connection.js');

const afterwards = new AbortController();
afterAll(() => afterwards.abort());

/** Runs Node.js until it exits. After the tests of the file, whatever still runs is killed. */
export async function runNodeJs(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
	return await run(process.execPath, args, { signal: afterwards.signal, ...options });
}

// A plain program that uses the built client. It exits when nothing is left to wait for.
const PROGRAM = `
	const [built, options] = process.argv.slice(1);
	const { url, timeoutMs, count, cancelAfterMs } = JSON.parse(options);
	const { Connection } = require(built);
	const connection = new Connection({ url: new URL('/oauth2/revokeP', url), timeoutMs });
	const stop = new AbortController();
	(async () => {
		const exchanges = [];
		for (let i = 0; i < count; i++) {
			const timer = cancelAfterMs && setTimeout(() => stop.abort(), cancelAfterMs);
			const exchange = await connection.post({ appkey: 'secret' }, stop.signal);
			clearTimeout(timer);
			exchanges.push({ ...exchange, body: exchange.body && Buffer.from(exchange.body).toString() });
		}
		await connection.close();
		console.log(JSON.stringify({ exchanges }));
	})();
`;

export interface ChildOptions {
	readonly timeoutMs?: number;
	/** How many requests to send, one after the other. */
	readonly count?: number;
	readonly cancelAfterMs?: number;
}

export interface ChildResult {
	readonly exchanges: unknown[];
	/** Whether it exited by itself, with status 0. */
	readonly endedWell: boolean;
	readonly stderr: string;
}

/** Posts from a separate Node.js process, with the built files and its own environment. */
export async function postFromChild(
	url: string,
	env: Readonly<Record<string, string>>,
	{ timeoutMs = 5000, count = 1, cancelAfterMs = 0 }: ChildOptions = {},
): Promise<ChildResult> {
	const options = JSON.stringify({ url, timeoutMs, count, cancelAfterMs });
	const { status, stdout, stderr } = await runNodeJs(['-e', PROGRAM, BUILT, options], { env });
	const said = stdout === '' ? { exchanges: [] } : (JSON.parse(stdout) as { exchanges: unknown[] });
	return { ...said, endedWell: status === 0, stderr };
}
