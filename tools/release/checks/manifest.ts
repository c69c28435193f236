import { isDeepStrictEqual } from 'node:util';

import type { Manifest } from '../package';
import { type Check, verdict } from './check';

const DEPENDENCIES = [
	'dependencies',
	'optionalDependencies',
	'bundleDependencies',
	'bundledDependencies',
];
/** What changes where and whether npm publishes. */
const PUBLISHING = ['private', 'publishConfig'];
const NOTHING: readonly unknown[] = [undefined, {}, []];

const PEERS = { 'n8n-workflow': '*' };

/** What n8n is told of, by how its files end. */
const ENTRIES = [
	{ field: 'nodes', ending: '.node.js' },
	{ field: 'credentials', ending: '.credentials.js' },
] as const;

/** What npm runs where the package is installed, or where a git checkout of it is. */
const INSTALL_SCRIPTS = [
	'preinstall',
	'install',
	'postinstall',
	'preprepare',
	'prepare',
	'postprepare',
	'prepublish',
	'preuninstall',
	'uninstall',
	'postuninstall',
];

/** Nothing comes with the package. */
export const dependencies: Check = {
	name: 'dependencies',
	run: ({ manifest }) =>
		verdict('none; peer: n8n-workflow', [
			...notEmpty(manifest, DEPENDENCIES),
			...(isDeepStrictEqual(manifest.peerDependencies, PEERS)
				? []
				: [`peerDependencies is ${JSON.stringify(manifest.peerDependencies)}`]),
		]),
};

/** npm, Node.js and n8n are told what they need, and all of it is there. */
export const entries: Check = {
	name: 'entries',
	run({ manifest, files }) {
		const { main, engines, n8n } = manifest;
		const listed = ENTRIES.map(({ field, ending }) => ({
			field,
			told: [...n8n[field]].sort().join(),
			there: files.filter((file) => file.endsWith(ending)).join(),
		}));
		return verdict(`${main}, ${listed.map(({ told }) => told).join(', ')}`, [
			...(files.some((file) => file === main) ? [] : [`main is ${main}, which is not there`]),
			...listed
				.filter(({ told, there }) => told !== there)
				.map(({ field, told, there }) => `n8n.${field} is ${told}; there is ${there}`),
			...(engines?.node ? [] : ['engines.node is missing']),
			...notEmpty(manifest, PUBLISHING),
		]);
	},
};

/** Nothing runs where it is installed. */
export const installScripts: Check = {
	name: 'install scripts',
	run: ({ manifest, files }) =>
		verdict('none', [
			...INSTALL_SCRIPTS.filter((name) => manifest.scripts?.[name] !== undefined).map(
				(name) => `the script ${name} would run: ${manifest.scripts?.[name]}`,
			),
			// npm takes it for an install script.
			...files
				.filter((file) => file.endsWith('binding.gyp'))
				.map((file) => `${file} would be built`),
		]),
};

function notEmpty(manifest: Manifest, fields: readonly string[]): string[] {
	return fields
		.filter((field) => !NOTHING.some((nothing) => isDeepStrictEqual(manifest[field], nothing)))
		.map((field) => `${field} is not empty: ${JSON.stringify(manifest[field])}`);
}
