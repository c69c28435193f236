import { type Check, verdict } from './check';

/**
 * In bytes. What makes the package larger than this is to be looked at before it is raised. A third of it is ioredis,
 * which is loaded where a credential names a Redis, and nowhere else. Each module costs 0.9 kB of esbuild's wrapper.
 */
const BUDGETS = { packed: 300_000, unpacked: 1_410_000 };

/** The package does not grow unseen. */
export const size: Check = {
	name: 'size',
	run({ packedBytes, unpackedBytes }) {
		const sizes = { packed: packedBytes, unpacked: unpackedBytes };
		const rows = (['packed', 'unpacked'] as const).map((form) => ({
			text: `${form} ${kilobytes(sizes[form])} of ${kilobytes(BUDGETS[form])}`,
			fits: sizes[form] <= BUDGETS[form],
		}));
		return verdict(
			rows.map(({ text }) => text).join(', '),
			rows.filter(({ fits }) => !fits).map(({ text }) => text),
		);
	},
};

const kilobytes = (bytes: number) => `${Math.ceil(bytes / 1000)} kB`;
