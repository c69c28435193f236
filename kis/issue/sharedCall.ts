import { parseExchange, type ParsedExchange } from '../reply/reply';
import { CANCELLED } from '../http/transportCodes';

/** Makes a request; `null` if `cancel` was aborted before its turn came. */
type Send = (cancel: AbortSignal) => Promise<ParsedExchange | null>;

/** What a cancelled caller sees while others still wait: the request may have been written. */
const LEFT = parseExchange({
	kind: 'unanswered',
	transportCode: CANCELLED,
	httpStatus: null,
	onStaleConnection: false,
});

/** One request for all callers that want the same at the same time. It ends early only when the last of them is cancelled. */
export class SharedCall {
	readonly #stop = new AbortController();
	readonly #exchange: Promise<ParsedExchange | null>;
	#askers = 0;
	#next: SharedCall | null = null;

	constructor(send: Send) {
		this.#exchange = send(this.#stop.signal);
	}

	/** Everyone who asked was cancelled: nobody else may join. */
	get isAbandoned(): boolean {
		return this.#stop.signal.aborted;
	}

	/** Waits for the end of the request, or until `cancel` is aborted. */
	async join(cancel: AbortSignal): Promise<ParsedExchange | null> {
		this.#askers++;
		return await new Promise((resolve, reject) => {
			const onCancel = () => {
				this.#askers--;
				if (this.#askers > 0) resolve(LEFT);
				else this.#stop.abort();
			};
			cancel.addEventListener('abort', onCancel);
			if (cancel.aborted) onCancel();
			void this.#exchange
				.then(resolve, reject)
				.finally(() => cancel.removeEventListener('abort', onCancel));
		});
	}

	/** Returns the call after this one: callers that waited together share it too. @param make Gives a call that is under way. */
	next(make: () => SharedCall): SharedCall {
		if (!this.#next || this.#next.isAbandoned) this.#next = make();
		return this.#next;
	}
}
