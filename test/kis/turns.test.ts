// Everything else in the process gets its turn while one or several batches of many items are worked on.
import { mapInTurns } from '../../kis/turns';

/** Keeps the processor busy, as work does. */
function work(milliseconds: number): void {
	const end = performance.now() + milliseconds;
	while (performance.now() < end);
}

/** The most pieces of work between two turns of the event loop. */
async function mostInATurn(batches: number, pieces: number, milliseconds: number): Promise<number> {
	let inThisTurn = 0;
	let most = 0;
	let over = false;
	const look = () => {
		inThisTurn = 0;
		if (!over) setImmediate(look);
	};
	setImmediate(look);
	const piece = () => {
		work(milliseconds);
		most = Math.max(most, ++inThisTurn);
	};
	const all = Array.from({ length: batches }, async () => {
		await mapInTurns(Array<null>(pieces).fill(null), piece);
	});
	await Promise.all(all);
	over = true;
	return most;
}

test('maps every item, in order', async () => {
	const items = Array.from({ length: 1000 }, (_, i) => i);
	expect(await mapInTurns(items, (item, index) => [item, index])).toEqual(
		items.map((item) => [item, item]),
	);
	expect(await mapInTurns([], () => 1)).toEqual([]);
});

test('long work is done piece by piece, in turn with everything else', async () => {
	expect(await mostInATurn(1, 20, 6)).toBeLessThanOrEqual(2);
});

test('several concurrent batches take no longer turns than one', async () => {
	expect(await mostInATurn(5, 6, 6)).toBeLessThanOrEqual(2);
});

test('a small batch does not wait for the end of a large one', async () => {
	const order: string[] = [];
	const batch = async (name: string, pieces: number) =>
		await mapInTurns(Array<null>(pieces).fill(null), () => {
			work(6);
			order.push(name);
		});
	await Promise.all([batch('large', 30), batch('small', 2)]);
	expect(order.lastIndexOf('small')).toBeLessThan(10);
});

test('quick work does not wait for a turn', async () => {
	let turns = 0;
	let over = false;
	const look = () => {
		turns++;
		if (!over) setImmediate(look);
	};
	setImmediate(look);
	await mapInTurns(Array<null>(1000).fill(null), () => {});
	over = true;
	expect(turns).toBeLessThan(500);
});

test('an error in the work ends it', async () => {
	const fails = () => {
		throw new Error('no');
	};
	await expect(mapInTurns([1, 2], fails)).rejects.toThrow('no');
});
