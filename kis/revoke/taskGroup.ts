/** A promise, and what settles it. */
export interface Deferred {
	readonly promise: Promise<void>;
	readonly resolve: () => void;
	readonly reject: (reason: unknown) => void;
}

export function deferred(): Deferred {
	let resolve = () => {};
	let reject: Deferred['reject'] = () => {};
	const promise = new Promise<void>((onResolve, onReject) => {
		resolve = onResolve;
		reject = onReject;
	});
	return { promise, resolve, reject };
}

/** Tasks that run at the same time, and may start others. */
export class TaskGroup {
	#running = 0;
	readonly #end = deferred();
	/** Resolves when none is left; rejects as soon as one does. */
	readonly done = this.#end.promise;

	get running(): number {
		return this.#running;
	}

	start(task: Promise<void>): void {
		this.#running++;
		const onEnd = () => {
			if (--this.#running === 0) this.#end.resolve();
		};
		task.then(onEnd, this.#end.reject);
	}
}
