// What a section has measured, as the page says it.
import { render } from '../../../tools/bench/report';
import { Sample } from '../../../tools/bench/sample';
import { inRounds, resultsOf } from '../../../tools/bench/rounds';

test('a figure is the median and its spread', () => {
	const show = (...values: number[]) => new Sample(values).show((value) => value.toFixed(1));
	expect(show(3, 1, 2)).toBe('2.0 (1.0–3.0)');
	expect(show(10, 9, 2, 1)).toBe('5.5 (1.0–10.0)');
	expect(show(2.01, 2, 2.04)).toBe('2.0');
});

test('candidates take turns, and each keeps its own results', async () => {
	const order: string[] = [];
	const plan = { candidates: ['kisToken', 'plainLoop'] as const, sizes: [1, 2], rounds: 2 };
	const measured = await inRounds(plan, async (candidate, tokens) => {
		order.push(`${candidate} ${tokens}`);
		return order.length;
	});
	expect(order).toEqual([
		...['kisToken 1', 'plainLoop 1', 'plainLoop 1', 'kisToken 1'],
		...['kisToken 2', 'plainLoop 2', 'plainLoop 2', 'kisToken 2'],
	]);
	expect(resultsOf(measured, 'plainLoop', 2)).toEqual([6, 7]);
	expect(() => resultsOf(measured, 'bareUndici', 2)).toThrow('bareUndici was not measured');
});

test('a section says which goals were missed', () => {
	const goal = { wanted: 'at most 3', measured: '4' };
	const page = render({
		title: 'Title',
		about: ['One.', 'Two.'],
		tables: [{ head: ['tokens', 'ms'], rows: [['1', '2.00']] }],
		goals: [
			{ ...goal, met: false },
			{ ...goal, met: true },
		],
	});
	expect(page.split('\n')).toEqual([
		...['## Title', '', 'One. Two.', ''],
		...['| tokens | ms |', '| --- | --- |', '| 1 | 2.00 |', ''],
		...['| goal | measured | met |', '| --- | --- | --- |'],
		...['| at most 3 | 4 | **no** |', '| at most 3 | 4 | yes |'],
	]);
});
