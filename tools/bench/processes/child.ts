import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

import { ROOT } from '../versions';

/** What a process of the benchmark can be asked, each with one argument. */
type Service = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
	readonly name: string;
	readonly argument: unknown;
}

type CallResult = { readonly value: unknown } | { readonly failure: string };

let compiledInto: string | null = null;

/** Returns the path of a program of this folder in plain JavaScript: tsx would make the package load more slowly than in n8n. */
export function compiled(file: string): string {
	compiledInto ??= compile();
	return join(compiledInto, `${file}.js`);
}

function compile(): string {
	const folder = mkdtempSync(join(ROOT, '.build-bench-'));
	process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
	// As deep as the sources, which name the built package by a relative path.
	const outdir = join(folder, 'bench/processes');
	const entryPoints = readdirSync(__dirname).map((file) => join(__dirname, file));
	buildSync({ entryPoints, outdir, bundle: true, packages: 'external', platform: 'node' });
	return outdir;
}

/** A process of its own, which is asked one thing at a time. */
export class Child<S extends Service> {
	readonly #process: ChildProcess;

	/** @param file In this folder, without `.ts`. */
	constructor(file: string, env: NodeJS.ProcessEnv = {}) {
		this.#process = fork(compiled(file), {
			env: { ...process.env, ...env },
			execArgv: ['--expose-gc'],
			serialization: 'advanced',
		});
	}

	/** Lends `work` a process that ends with it. */
	static async within<S extends Service, T>(
		file: string,
		work: (child: Child<S>) => Promise<T>,
		env?: NodeJS.ProcessEnv,
	): Promise<T> {
		const child = new Child<S>(file, env);
		try {
			return await work(child);
		} finally {
			await child.stop();
		}
	}

	/**
	 * Asks for one thing, and waits for the answer.
	 *
	 * @throws Error with what failed there, or if the process has ended.
	 */
	async ask<Name extends keyof S & string>(
		name: Name,
		argument: Parameters<S[Name]>[0],
	): Promise<Awaited<ReturnType<S[Name]>>> {
		const over = new AbortController();
		const { signal } = over;
		try {
			const answered = once(this.#process, 'message', { signal });
			const ended = once(this.#process, 'exit', { signal }).then(answerOfTheEnded);
			if (this.#process.connected) this.#process.send({ name, argument } satisfies Question);
			else throw new Error(`${name}: the process has ended before`);
			const [answer] = (await Promise.race([answered, ended])) as [CallResult];
			if ('failure' in answer) throw new Error(`${name}: ${answer.failure}`);
			return answer.value as Awaited<ReturnType<S[Name]>>;
		} finally {
			over.abort();
		}
	}

	/** Ends it, unless it has ended. */
	async stop(): Promise<void> {
		const { exitCode, signalCode, connected } = this.#process;
		if (exitCode !== null || signalCode !== null) return;
		const ended = once(this.#process, 'exit');
		// It ends when nobody is there to ask it.
		if (connected) this.#process.disconnect();
		else this.#process.kill('SIGKILL');
		await ended;
	}
}

function answerOfTheEnded([code, signal]: unknown[]): [CallResult] {
	return [{ failure: `the process has ended with ${String(code ?? signal)}` }];
}

/** Answers what this process is asked, until its parent process goes. */
export function serve(service: Service): void {
	process.on('disconnect', () => process.exit());
	// Ctrl+C reaches all processes: this one ends with the one that started it, and tidies up.
	process.on('SIGINT', () => {});
	process.on('message', ({ name, argument }: Question) => {
		const answer = async (): Promise<CallResult> => {
			try {
				return { value: await service[name](argument as never) };
			} catch (error) {
				return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
			}
		};
		void answer().then((given) => process.send?.(given));
	});
}
