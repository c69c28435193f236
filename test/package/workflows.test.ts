// What the repository's workflows may do, and whose code they run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (name: string) =>
	readFileSync(join(__dirname, '../../.github/workflows', name), 'utf8');

/** Returns the text of each job of a workflow, by name. */
function jobsOf(workflow: string): Map<string, string> {
	const [, jobs] = workflow.split(/^jobs:$/m);
	const [, ...parts] = jobs.split(/^ {2}([\w-]+):$/m);
	return new Map(parts.flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 1]] as const] : [])));
}

/** Returns the lines nested under a key, as one text for each place where the key occurs. */
function blocksOf(text: string, key: string): string[][] {
	const block = new RegExp(`^( *)${key}:\\n((?:\\1 +.*\\n)+)`, 'gm');
	return [...text.matchAll(block)].map(([, , body]) =>
		body
			.trim()
			.split('\n')
			.map((line) => line.trim()),
	);
}

const RELEASE = read('release.yml');
const TEST = read('test.yml');

/** Returns every line that contains an expression: a script would run what is put into it. */
const FROM_OUTSIDE = {
	'release.yml': [
		'sum: ${{ steps.sum.outputs.sum }}',
		'path: ${{ runner.temp }}/checked/*.tgz',
		'SUM: ${{ needs.check.outputs.sum }}',
		'NPM_TOKEN: ${{ secrets.NPM_TOKEN }}',
	],
	'test.yml': [
		'name: Node.js ${{ matrix.node }}',
		'node-version: ${{ matrix.node }}',
		"key: n8n-${{ hashFiles('test/e2e/lines/*/package-lock.json') }}",
		'name: what the editor showed, Node.js ${{ matrix.node }}',
	],
};

describe.each([
	['release.yml', RELEASE],
	['test.yml', TEST],
] as const)('%s', (name, workflow) => {
	test('pins every action', () => {
		const actions = [...workflow.matchAll(/^.*\buses:\s*(.*)$/gm)].map(([, action]) => action);
		expect(actions.length).toBeGreaterThan(0);
		for (const action of actions) {
			expect(action).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
		}
	});

	test('may read, unless a job says otherwise', () => {
		expect(blocksOf(workflow.split(/^jobs:$/m)[0], 'permissions')).toEqual([['contents: read']]);
	});

	test('keeps no credential in the checkout, and has all commits', () => {
		const checkouts = workflow.split('actions/checkout@').slice(1);
		expect(checkouts).toHaveLength(1);
		expect(blocksOf(checkouts[0], 'with')[0]).toEqual([
			'persist-credentials: false',
			'fetch-depth: 0',
		]);
	});

	test('uses no other input than this, and none of it in a script', () => {
		const lines = workflow.split('\n').filter((line) => line.includes('${{'));
		expect(lines.map((line) => line.trim())).toEqual(FROM_OUTSIDE[name]);
	});

	test('names no host', () => {
		expect(workflow).not.toMatch(/https?:\/\/|registry-url|registry\.\w/);
	});

	test('runs the gate', () => {
		expect(workflow).toContain('- run: .ci/run\n');
	});
});

test('the tests run for every push and pull request, on the oldest and the newest Node.js', () => {
	expect(TEST).toMatch(/^ {2}push:$/m);
	expect(TEST).toMatch(/^ {2}pull_request:$/m);
	expect(TEST).not.toContain('pull_request_target');
	expect(TEST).toContain('node: [20, 24, 26]');
	expect(TEST).not.toMatch(/: write|secrets\./);
});

describe('the release', () => {
	const jobs = jobsOf(RELEASE);

	test('starts with a tag, and has two jobs', () => {
		expect(blocksOf(RELEASE, 'on')).toEqual([['push:', "tags: ['v*']"]]);
		expect([...jobs.keys()]).toEqual(['check', 'publish']);
	});

	test('only the job that publishes may get an identity token and the secret', () => {
		expect(blocksOf(jobs.get('publish') ?? '', 'permissions')).toEqual([
			['contents: read', 'id-token: write'],
		]);
		expect(jobs.get('check')).not.toMatch(/permissions:|secrets\./);
		expect(RELEASE.match(/: write\b/g)).toHaveLength(1);
		expect(jobs.get('publish')).toContain('environment: npm\n');
	});

	test('checks the tag, the repository and the package', () => {
		const check = jobs.get('check') ?? '';
		const words = ['release:check', '--tag', '--repository', '--output'];
		for (const word of words) expect(check).toContain(word);
	});

	test('publishes what was checked, without building again', () => {
		const publish = jobs.get('publish') ?? '';
		expect(publish).toContain('needs: check\n');
		expect(publish).toContain('sha256sum --check');
		expect(publish).toContain('npm publish ./*.tgz --provenance --access public');
		expect(publish).not.toMatch(/checkout|npm (ci|install|run|pack)/);
	});
});
