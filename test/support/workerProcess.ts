import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

import type { KisCredential } from '../../kis/input/credential';

const BUILT = resolve(__dirname, '../../dist/kis');

// One worker, with the built files: it does what it reads, and ends with the pipe to its parent process.
const PROGRAM = `
	const [built, text] = process.argv.slice(1);
	const load = (name) => require(built + '/' + name + '.js');
	const fields = JSON.parse(text);
	const credential = { ...fields, baseUrl: new URL(fields.baseUrl) };
	const read = load('input/accessToken').parseAccessToken;
	const said = (token) => 'because' in token ? token.because : token.value;
	const stop = new AbortController();
	require('node:events').setMaxListeners(0, stop.signal);
	const does = {
		bring: async (mayWait) =>
			said(await load('keptToken/bringToken').bringToken(credential, { mayWait, cancel: stop.signal })),
		stop: async () => stop.abort(),
		atHand: async () => (await load('keptToken/bringToken').tokenAtHand(credential))?.value ?? null,
		issue: async () => {
			const options = { requestsPerSecond: 1000, timeoutMs: 5000, maxRetries: 0, cancel: stop.signal, execution: {} };
			const got = await load('keptToken/keptOrIssued').keptOrIssued(credential, 3600000, options);
			return 'kept' in got ? ['kept', got.kept.token.value] : [got.outcome, got.grant?.token.value];
		},
		pause: async (milliseconds) => load('rateLimit/limiterFor').limiterOfAppKey(credential.appkey).pause(milliseconds),
		revoke: async (token, outcome) => {
			await load('memory/sharedMarks').whileRevoking([read(token)], credential, async () => new Map([[read(token).fingerprint, { outcome }]]));
			if (outcome === 'revoked') load('memory/deadTokens').deadTokens.add(read(token), credential);
		},
		clock: async (ahead) => {
			const { now } = Date;
			Date.now = () => now() + ahead;
		},
	};
	require('node:readline').createInterface({ input: process.stdin })
		.on('line', (line) => {
			const [id, name, ...args] = JSON.parse(line);
			does[name](...args).then(
				(result) => console.log(JSON.stringify([id, result ?? null])),
				(error) => console.log(JSON.stringify([id, null, error.stack])),
			);
		})
		.on('close', () => process.exit());
`;

/** A worker: a separate process that shares what it knows through the credential's Redis. */
export class WorkerProcess {
	readonly #child: ChildProcess;
	readonly #waiting = new Map<
		number,
		{ resolve(result: unknown): void; reject(reason: unknown): void }
	>();
	#count = 0;

	constructor(credential: KisCredential) {
		const text = JSON.stringify(credential);
		this.#child = spawn(process.execPath, ['-e', PROGRAM, BUILT, text], {
			stdio: ['pipe', 'pipe', 'inherit'],
		});
		createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
			const [id, result, failure] = JSON.parse(line) as [number, unknown, string?];
			if (failure === undefined) this.#waiting.get(id)?.resolve(result);
			else this.#waiting.get(id)?.reject(new Error(failure));
			this.#waiting.delete(id);
		});
	}

	/** The token that a request gets, or why it gets none. @param mayWait As a read may, and an order may not. */
	async bring(mayWait = false): Promise<string> {
		return (await this.tell('bring', mayWait)) as string;
	}

	async tell(...command: unknown[]): Promise<unknown> {
		const id = this.#count++;
		this.#child.stdin?.write(`${JSON.stringify([id, ...command])}\n`);
		return await new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
	}

	/** Kills it, as `kill -9` does. */
	async kill(): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		this.#child.kill('SIGKILL');
		await once(this.#child, 'exit');
	}
}
