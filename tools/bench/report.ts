/** What a section of the benchmark has found. Texts are Markdown. */
export interface Findings {
	readonly title: string;
	/** What is measured and how: sentences. */
	readonly about: readonly string[];
	readonly tables: readonly Table[];
	readonly goals: readonly Goal[];
}

export interface Table {
	readonly head: readonly string[];
	readonly rows: ReadonlyArray<readonly string[]>;
}

/** A goal, set before the first measurement. */
export interface Goal {
	readonly wanted: string;
	readonly measured: string;
	readonly met: boolean;
}

/** A section as Markdown, which a terminal shows well enough. */
export function render({ title, about, tables, goals }: Findings): string {
	const all = goals.length > 0 ? [...tables, goalTable(goals)] : tables;
	return [`## ${title}`, about.join(' '), ...all.map(renderTable)].join('\n\n');
}

function goalTable(goals: readonly Goal[]): Table {
	const rows = goals.map(({ wanted, measured, met }) => [wanted, measured, met ? 'yes' : '**no**']);
	return { head: ['goal', 'measured', 'met'], rows };
}

export function renderTable({ head, rows }: Table): string {
	const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
	return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}
