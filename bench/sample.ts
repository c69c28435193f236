/** Several measurements of one thing. */
export class Figures {
	readonly #sorted: readonly number[];

	constructor(values: readonly number[]) {
		this.#sorted = [...values].sort((one, other) => one - other);
	}

	get median(): number {
		const { length } = this.#sorted;
		const [low, high] = [this.#sorted[(length - 1) >> 1], this.#sorted[length >> 1]];
		return (low + high) / 2;
	}

	get least(): number {
		return this.#sorted[0];
	}

	get most(): number {
		return this.#sorted[this.#sorted.length - 1];
	}

	/** Median and spread, such as `11.05 (11.04–11.09)`; one value alone if they are the same. */
	show(format: (value: number) => string): string {
		const [median, least, most] = [this.median, this.least, this.most].map(format);
		return least === most ? median : `${median} (${least}–${most})`;
	}
}

export const seconds = (ms: number) => (ms / 1000).toFixed(2);
export const milliseconds = (ms: number) => (ms < 10 ? ms.toFixed(2) : ms.toFixed(0));
export const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
export const kilobytes = (bytes: number) => (bytes / 1e3).toFixed(0);
export const count = (value: number) => value.toLocaleString('en-US');
export const percent = (share: number) => `${+(share * 100).toFixed(2)} %`;
