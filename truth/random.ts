import { createHash } from 'node:crypto';

/** A number from 0 to 1 that depends on the seed and on what it is drawn for, and on nothing else. */
export function draw(seed: number, ...what: Array<string | number>): number {
	const digest = createHash('sha256')
		.update(JSON.stringify([seed, ...what]))
		.digest();
	return digest.readUInt32BE(0) / 2 ** 32;
}

export function pick<T>(choices: readonly T[], random: number): T {
	return choices[Math.floor(random * choices.length)];
}
