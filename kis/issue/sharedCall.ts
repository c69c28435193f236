import { CANCELLED } from '../http/transportCodes';
import { parseExchange, type ParsedExchange } from '../reply/reply';

/** How a call ended. `withdrawn`: nothing was sent, since `beforeSending` forbade it. `null`: all were, and nothing was sent. */
type CallEnd = ParsedExchange | 'withdrawn' | null;

/** Makes a request, unless `cancel` is aborted first. */
type Send = (cancel: AbortSignal) => Promise<CallEnd>;

/** What a cancelled caller sees while others still wait: the request may have been written. */
const LEFT = parseExchange({
	kind: 'unanswered',
	transportCode: CANCELLED,
	httpStatus: null,
	onStaleConnection: false,
});

/**
 * One request that concurrent callers share. It is cancelled only when all of them are. Callers that leave earlier are told
 * that it may have been written; `SharedWork` in `kis/keptToken/` tells them nothing, and always runs to completion.
 */
export class SharedCall {
	readonly #stop = new AbortController();
	readonly #end: Promise<CallEnd>;
	#callers = 0;
	#next: SharedCall | null = null;

	constructor(send: Send) {
		this.#end = send(this.#stop.signal);
	}

	/** Whether all callers were cancelled. Then nobody else may join. */
	get isAbandoned(): boolean {
		return this.#stop.signal.aborted;
	}

	/** Waits for the end of the request, or until `cancel` is aborted. */
	async join(cancel: AbortSignal): Promise<CallEnd> {
		this.#callers++;
		return await new Promise((resolve, reject) => {
			const onCancel = () => {
				this.#callers--;
				if (this.#callers > 0) resolve(LEFT);
				else this.#stop.abort();
			};
			cancel.addEventListener('abort', onCancel);
			if (cancel.aborted) onCancel();
			void this.#end
				.then(resolve, reject)
				.finally(() => cancel.removeEventListener('abort', onCancel));
		});
	}

	/** Returns the call that all callers of this one share next. @param make Gives a call that is under way. */
	next(make: () => SharedCall): SharedCall {
		if (!this.#next || this.#next.isAbandoned) this.#next = make();
		return this.#next;
	}
}
