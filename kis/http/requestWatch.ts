import type { Dispatcher } from 'undici';

import { EgressRefusal } from './egress';
import type { Answered, Exchange } from './exchange';
import {
	BODY_TIMEOUT,
	BODY_TOO_LARGE,
	CANCELLED,
	CONNECT_TIMEOUT,
	HEADERS_TIMEOUT,
	isReset,
	transportCodeOf,
} from './transportCodes';

/** Answers are read up to this size. KIS's are below 2 KiB. */
export const MAX_BODY_BYTES = 64 * 1024;

const NO_HEADERS = { contentEncoding: null, retryAfter: null, date: null };

/** Turns undici's callbacks about one request into one {@link Exchange}. */
export class RequestWatch implements Dispatcher.DispatchHandler {
	/** Resolves when the exchange has ended. Never rejects. */
	readonly exchange: Promise<Exchange>;
	#end: (exchange: Exchange) => void = () => {};
	#over = false;
	#written = false;
	#controller: Dispatcher.DispatchController | null = null;
	#httpStatus: number | null = null;
	#headers: Pick<Answered, 'contentEncoding' | 'retryAfter' | 'date'> = NO_HEADERS;
	readonly #chunks: Buffer[] = [];
	#size = 0;
	readonly #isReused: () => boolean;
	readonly #onWriting: () => void;

	/**
	 * @param isReused Tells whether the connection has carried another request before.
	 * @param onWriting Called right before the request is written.
	 */
	constructor(isReused: () => boolean, onWriting = () => {}) {
		this.#isReused = isReused;
		this.#onWriting = onWriting;
		this.exchange = new Promise((resolve) => {
			this.#end = (exchange) => {
				this.#over = true;
				resolve(exchange);
			};
		});
	}

	get isOver(): boolean {
		return this.#over;
	}

	/** Ends the exchange with the code of the timeout of its present phase. */
	timeOut(): void {
		if (!this.#written) this.breakOff(CONNECT_TIMEOUT);
		else this.breakOff(this.#httpStatus === null ? HEADERS_TIMEOUT : BODY_TIMEOUT);
	}

	/** Ends the exchange with the code of an error of the network stack or of the host's egress rules. */
	fail(error: unknown): void {
		this.breakOff(transportCodeOf(error), error instanceof EgressRefusal ? error.message : null);
	}

	/** Ends the exchange without a whole answer, unless it has ended. */
	breakOff(transportCode: string, forbidden: string | null = null): void {
		if (this.#over) return;
		const httpStatus = this.#httpStatus;
		this.#end(
			this.#written
				? {
						kind: 'unanswered',
						transportCode,
						httpStatus,
						onStaleConnection: httpStatus === null && isReset(transportCode) && this.#isReused(),
					}
				: { kind: 'unwritten', transportCode, forbidden },
		);
		// Inside a proxy's tunnel, undici's socket has to close before the one below it. Otherwise a late read finds no parser,
		// and throws where nobody can catch it.
		this.#controller?.abort(new Error(CANCELLED));
	}

	/** undici calls this right before it writes the request. Aborting here prevents the write. */
	onRequestStart(controller: Dispatcher.DispatchController): void {
		if (this.#over) return controller.abort(new Error(CANCELLED));
		this.#controller = controller;
		this.#written = true;
		this.#onWriting();
	}

	onResponseStart(
		_controller: Dispatcher.DispatchController,
		status: number,
		headers: Record<string, string | string[] | undefined>,
	): void {
		if (status < 200) return;
		this.#httpStatus = status;
		this.#headers = {
			contentEncoding: headers['content-encoding']?.toString() ?? null,
			retryAfter: headers['retry-after']?.toString() ?? null,
			date: headers.date?.toString() ?? null,
		};
	}

	onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
		this.#size += chunk.length;
		if (this.#size > MAX_BODY_BYTES) this.breakOff(BODY_TOO_LARGE);
		else this.#chunks.push(chunk);
	}

	onResponseEnd(): void {
		if (this.#over || this.#httpStatus === null) return;
		this.#end({
			kind: 'answered',
			httpStatus: this.#httpStatus,
			...this.#headers,
			body: Buffer.concat(this.#chunks),
		});
	}

	onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
		this.fail(error);
	}
}
