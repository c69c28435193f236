import { createHash } from 'node:crypto';

/** Returns a number from 0 to 1, determined only by `seed` and `what`. */
export function draw(seed: number, ...what: Array<string | number>): number {
	const digest = createHash('sha256')
		.update(JSON.stringify([seed, ...what]))
		.digest();
	return digest.readUInt32BE(0) / 2 ** 32;
}

/** @param random From 0 to 1. */
export function pick<T>(choices: readonly T[], random: number): T {
	return choices[Math.floor(random * choices.length)];
}

/** @param shares Add up to 1 or less; what is left goes to the last. */
export function pickByShare<T extends string>(
	shares: Readonly<Record<T, number>>,
	random: number,
): T {
	const choices = Object.keys(shares) as T[];
	let sum = 0;
	return choices.find((choice) => random < (sum += shares[choice])) ?? choices[choices.length - 1];
}

/** Steps that leave no large gap anywhere between 0 and 1, each by itself and both together. */
export const STEPS = { golden: (Math.sqrt(5) - 1) / 2, silver: Math.SQRT2 - 1 } as const;

/** Returns a number from 0 to 1, far from its neighbours: with any seed, each choice soon gets its share of the draws. */
export function drawEvenly(seed: number, what: string, index: number, step: number): number {
	return (draw(seed, what) + index * step) % 1;
}
