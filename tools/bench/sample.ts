/** Several measurements of one thing, at least one. */
export class Sample {
	readonly #sorted: readonly number[];

	constructor(values: readonly number[]) {
		this.#sorted = [...values].sort((one, other) => one - other);
	}

	/** One figure of each of several things. */
	static of<T>(things: readonly T[], figure: (thing: T) => number): Sample {
		return new Sample(things.map(figure));
	}

	get median(): number {
		const { length } = this.#sorted;
		const [low, high] = [this.#sorted[(length - 1) >> 1], this.#sorted[length >> 1]];
		return (low + high) / 2;
	}

	get min(): number {
		return this.#sorted[0];
	}

	get max(): number {
		return this.#sorted[this.#sorted.length - 1];
	}

	/** Median and spread, such as `11.05 (11.04–11.09)`; one value alone if they read the same. */
	show(format: (value: number) => string): string {
		const [median, min, max] = [this.median, this.min, this.max].map(format);
		return min === max ? median : `${median} (${min}–${max})`;
	}
}

// How tables write a value: its unit stands in the head.
export const seconds = (ms: number) => (ms / 1000).toFixed(2);
export const milliseconds = (ms: number) => (Math.abs(ms) < 10 ? ms.toFixed(2) : ms.toFixed(0));
export const kilobytes = (bytes: number) => (bytes / 1e3).toFixed(0);
export const wholeNumber = (value: number) => value.toLocaleString('en-US');
/** @param share From 0 to 1. */
export const percent = (share: number) => `${+(share * 100).toFixed(2)} %`;
