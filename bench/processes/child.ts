import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a process of the benchmark can be asked, each with one argument. */
type Service = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
	readonly name: string;
	readonly argument: unknown;
}

type Answer = { readonly value: unknown } | { readonly failure: string };

/** A process of its own, which is asked one thing at a time. */
export class Child<S extends Service> {
	readonly #process: ChildProcess;

	/** @param file In this folder. */
	constructor(file: string, env: NodeJS.ProcessEnv = {}) {
		this.#process = fork(join(__dirname, file), {
			env: { ...process.env, ...env },
			serialization: 'advanced',
		});
	}

	/** @throws Error with what went wrong in the process, or if it has ended. */
	async ask<Name extends keyof S & string>(
		name: Name,
		argument: Parameters<S[Name]>[0],
	): Promise<Awaited<ReturnType<S[Name]>>> {
		const over = new AbortController();
		const { signal } = over;
		try {
			const answered = once(this.#process, 'message', { signal });
			const ended = once(this.#process, 'exit', { signal });
			this.#process.send({ name, argument } satisfies Question);
			const [answer] = (await Promise.race([answered, ended.then(hasEnded)])) as [Answer];
			if ('failure' in answer) throw new Error(`${name}: ${answer.failure}`);
			return answer.value as Awaited<ReturnType<S[Name]>>;
		} finally {
			over.abort();
		}
	}

	async stop(): Promise<void> {
		if (this.#process.exitCode !== null) return;
		const ended = once(this.#process, 'exit');
		this.#process.disconnect();
		await ended;
	}
}

function hasEnded([code]: unknown[]): [Answer] {
	return [{ failure: `the process has ended with ${String(code)}` }];
}

/** Answers what this process is asked, until whoever started it goes. */
export function serve(service: Service): void {
	process.on('disconnect', () => process.exit());
	process.on('message', ({ name, argument }: Question) => {
		const answer = async (): Promise<Answer> => {
			try {
				return { value: await service[name](argument as never) };
			} catch (error) {
				return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
			}
		};
		void answer().then((given) => process.send?.(given));
	});
}
