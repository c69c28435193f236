import type { ExperimentOptions, Findings } from './experiment';
import { tellFoundations } from './promises';
import { REQUESTS_PER_SECOND } from './world';

export interface Measured {
	readonly seconds: number;
	/** Sockets, timers and the like. */
	readonly left: number;
	/** Memory kept, in bytes. */
	readonly bytes: number;
}

/** Returns the text that a run prints. */
export function tell(
	{ seed, faultShare }: ExperimentOptions,
	found: Findings,
	{ seconds, left, bytes }: Measured,
): string {
	const hasTokens = found.items > 0;
	const steps = Object.values(found.statements).reduce((sum, count) => sum + count, 0);
	const played = [
		...(steps > 0 ? [`${steps} steps`] : []),
		...(hasTokens ? [`${found.items} tokens`] : []),
	];
	const rows = {
		...(hasTokens && rowsOfTokens(found, bytes)),
		'sockets and timers left': left,
		'false statements': found.accusations.length,
	};
	const lines = [
		`${played.join(' and ')}, seed ${seed}, ${faultShare * 100} % of the attempts disturbed, ${seconds.toFixed(1)} s`,
		'',
		...Object.entries(rows).map(([name, value]) => `${name.padEnd(28)}${value}`),
		...tellStatements(found.statements),
		...found.accusations.slice(0, 20).map((accusation) => `  ${accusation}`),
		...(hasTokens ? tellGrounds(found) : []),
	];
	return `${lines.join('\n')}\n`;
}

function rowsOfTokens(found: Findings, bytes: number): Record<string, string | number> {
	const share = (count: number, of: number) => `${((100 * count) / Math.max(of, 1)).toFixed(2)} %`;
	const outcomes = Object.entries(found.outcomes)
		.sort(([, a], [, b]) => b - a)
		.map(([outcome, count]) => `${outcome} ${count} (${share(count, found.items)})`);
	const unlucky = share(found.unknownFairCases, found.fairCases);
	return {
		executions: found.executions,
		outcomes: outcomes.join(', '),
		'unknown for want of retries': `${found.unknownFairCases} of ${found.fairCases} (${unlucky})`,
		'calls per token': (found.calls / found.items).toFixed(3),
		'busiest second': `${found.busiestSecond} calls of ${REQUESTS_PER_SECOND} allowed`,
		'memory kept': `${(bytes / found.items).toFixed(0)} bytes per token`,
	};
}

function tellGrounds({ foundations }: Findings): string[] {
	return [
		'',
		'What the statements rest on, and how sure that is of KIS',
		'(H official or seen twice, M seen once, L inferred, ? nobody knows):',
		...tellFoundations(foundations),
	];
}

/** One line for each kind of step. */
function tellStatements(statements: Findings['statements']): string[] {
	const kinds = new Map<string, string[]>();
	for (const [statement, count] of Object.entries(statements).sort(([, a], [, b]) => b - a)) {
		const [kind, outcome] = statement.split(' ');
		kinds.set(kind, [...(kinds.get(kind) ?? []), `${outcome} ${count}`]);
	}
	return [...kinds].sort().map(([kind, counts]) => `${kind.padEnd(28)}${counts.join(', ')}`);
}
