import { untilStopped } from '../waiting';

/**
 * Work that concurrent callers share. It runs to completion even if all of them are cancelled, and a cancelled one gets
 * `null`. `SharedCall` in `kis/issue/` does neither: it breaks its request off with the last caller, and must tell those who
 * left before that the request may have been written.
 */
export class SharedWork<T> {
	readonly #running = new Map<object, Promise<T>>();

	/**
	 * Joins what is running for `about`, or starts it unless `cancel` is aborted already.
	 *
	 * @param start Must not reject.
	 * @returns `null` as soon as `cancel` is aborted.
	 */
	async join(about: object, start: () => Promise<T>, cancel: AbortSignal): Promise<T | null> {
		if (cancel.aborted) return null;
		const running = this.#running.get(about) ?? this.#start(about, start);
		return await untilStopped(running, cancel);
	}

	#start(about: object, start: () => Promise<T>): Promise<T> {
		const work = start().finally(() => this.#running.delete(about));
		this.#running.set(about, work);
		return work;
	}
}
