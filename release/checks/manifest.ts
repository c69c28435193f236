import { isDeepStrictEqual } from 'node:util';

import { type Check, verdict } from './check';

const DEPENDENCIES = [
	'dependencies',
	'optionalDependencies',
	'bundleDependencies',
	'bundledDependencies',
];
const PEERS = { 'n8n-workflow': '*' };

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
			...DEPENDENCIES.filter((field) => Object.keys(manifest[field] ?? {}).length > 0).map(
				(field) => `${field} is not empty: ${JSON.stringify(manifest[field])}`,
			),
			...(isDeepStrictEqual(manifest.peerDependencies, PEERS)
				? []
				: [`peerDependencies is ${JSON.stringify(manifest.peerDependencies)}`]),
		]),
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
