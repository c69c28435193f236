/** What a section of the benchmark has found. */
export interface Findings {
	readonly title: string;
	/** What is measured and how, in Markdown. */
	readonly about: string;
	readonly tables: readonly Table[];
	readonly goals: readonly Goal[];
}

export interface Table {
	readonly head: readonly string[];
	readonly rows: ReadonlyArray<readonly string[]>;
}

export interface Goal {
	readonly wanted: string;
	readonly measured: string;
	readonly met: boolean;
}

/** As Markdown, which a terminal shows well enough. */
export function render({ title, about, tables, goals }: Findings): string {
	return [
		`## ${title}`,
		about,
		...tables.map(renderTable),
		...(goals.length > 0 ? [renderTable(goalTable(goals))] : []),
	].join('\n\n');
}

function goalTable(goals: readonly Goal[]): Table {
	const rows = goals.map(({ wanted, measured, met }) => [wanted, measured, met ? 'yes' : '**no**']);
	return { head: ['goal', 'measured', 'met'], rows };
}

function renderTable({ head, rows }: Table): string {
	const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
	return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}
