/** Lints files as n8n's scanner does: `program.ts <JSON of a list of targets>`. */
import { createRequire } from 'node:module';
import { ESLint, type Linter } from 'eslint';

/** Files to lint. */
export interface Target {
	readonly folder: string;
	readonly patterns: string[];
}

/** What came of a target. */
export interface Linted {
	/** How many were linted. */
	readonly files: number;
	readonly messages: readonly LintMessage[];
}

/** What the scanner would show. */
export interface LintMessage {
	readonly file: string;
	readonly rule: string;
	readonly message: string;
	/** The scanner refuses the package for it; otherwise it is a warning. */
	readonly isError: boolean;
}

type Rules = Linter.RulesRecord;
type BasePlugin = ESLint.Plugin & {
	configs: Record<'community' | 'credentials' | 'nodes', { rules: Rules }>;
};

// The plugins belong to @n8n/node-cli, which brings them.
const fromCli = createRequire(createRequire(__filename).resolve('@n8n/node-cli/eslint'));
const { n8nCommunityNodesPlugin: community } = fromCli('@n8n/eslint-plugin-community-nodes') as {
	n8nCommunityNodesPlugin: { configs: { recommended: Linter.Config } };
};
const base = fromCli('eslint-plugin-n8n-nodes-base') as BasePlugin;
const { parser } = fromCli('typescript-eslint') as { parser: Linter.Parser };

const off = (...rules: string[]): Rules =>
	Object.fromEntries(rules.map((rule) => [`n8n-nodes-base/${rule}`, 'off']));

/** That of @n8n/scan-community-package 0.32.0, which is made for n8n Cloud. */
const SCANNER: Linter.Config[] = [
	community.configs.recommended,
	{ rules: { 'no-console': 'error' } },
	{ plugins: { 'n8n-nodes-base': base } },
	{ files: ['package.json'], rules: base.configs.community.rules },
	{
		files: ['**/credentials/**/*.ts'],
		rules: {
			...base.configs.credentials.rules,
			...off(
				'cred-class-field-documentation-url-miscased',
				'cred-class-field-type-options-password-missing',
			),
		},
	},
	{
		files: ['**/nodes/**/*.ts'],
		rules: {
			...base.configs.nodes.rules,
			...off(
				'node-class-description-inputs-wrong-regular-node',
				'node-class-description-outputs-wrong',
				'node-param-type-options-max-value-present',
			),
		},
	},
	{ files: ['**/*.json', '**/*.ts'], languageOptions: { parser } },
];

async function lint({ folder, patterns }: Target): Promise<Linted> {
	const eslint = new ESLint({
		cwd: folder,
		allowInlineConfig: false,
		overrideConfigFile: true,
		overrideConfig: SCANNER,
	});
	const results = await eslint.lintFiles(patterns);
	const messages = results.flatMap(({ filePath, messages }) =>
		messages.map(
			({ ruleId, message, severity }): LintMessage => ({
				file: filePath.slice(folder.length + 1),
				rule: ruleId ?? 'the parser',
				message,
				isError: severity === 2,
			}),
		),
	);
	return { files: results.length, messages };
}

async function main([targets]: string[]): Promise<void> {
	const linted = await Promise.all((JSON.parse(targets) as Target[]).map(lint));
	process.stdout.write(JSON.stringify(linted));
}

void main(process.argv.slice(2));
