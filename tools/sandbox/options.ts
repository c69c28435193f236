import { isIP } from 'node:net';
import { parseArgs } from 'node:util';

import { isLoopback } from './address';
import type { App } from './apps';
import { FAULTS } from './faults';
import { RATE_LIMITS, type EnvironmentName } from './kis';
import { SWITCHES } from './switches';

/** What the program was told on its command line. */
export interface ProgramOptions {
	readonly environment: EnvironmentName;
	/** `null` for the one that is kept. */
	readonly app: App | null;
	readonly port: number;
	readonly tls: boolean;
	/** IP address to listen on. */
	readonly address: string;
	/** Further names by which programs call this computer. */
	readonly names: readonly string[];
}

const OPTIONS = {
	environment: {
		type: 'string',
		default: 'paper',
		takes: 'paper|real',
		does: `Keeps the limit of a real account (${RATE_LIMITS.real} requests a second) or of a paper one (${RATE_LIMITS.paper}, and /oauth2 is not counted).`,
	},
	port: {
		type: 'string',
		default: '29443',
		takes: 'NUMBER',
		does: 'Listens on this port; 0 takes a free one.',
	},
	tls: {
		type: 'boolean',
		default: false,
		does: 'Speaks https. n8n has to trust the certificate authority, which is made once and kept.',
	},
	bind: {
		type: 'string',
		default: '127.0.0.1',
		takes: 'ADDRESS',
		does: 'Listens on this IP address; 0.0.0.0 stands for all that this computer has. An address that others can reach takes --tls.',
	},
	name: {
		type: 'string',
		multiple: true,
		takes: 'NAME',
		does: 'Puts a further host name or IP address into the certificate: whatever stands in the Base URL. May be given several times. localhost, host.docker.internal and the names and addresses of this computer are in it anyway.',
	},
	appkey: {
		type: 'string',
		takes: 'KEY',
		does: 'Knows this app key (with --appsecret) instead of the one that is kept.',
	},
	appsecret: { type: 'string', takes: 'SECRET', does: 'The app secret that belongs to it.' },
	help: { type: 'boolean', default: false, does: 'Prints this.' },
} as const;

const WIDTH = 76;

export const USAGE = `A KIS on this computer, for trying the node without an account.

npm run sandbox -- [options]

  n8n on this computer  npm run sandbox
  n8n in Docker         npm run sandbox -- --tls --bind 0.0.0.0

${Object.entries(OPTIONS).map(usageOf).join('')}
While it runs, it can be told to spoil its next answers, for example:
  curl -d '[{"kind":"reset","processed":true}]' http://127.0.0.1:29443/sandbox/faults
${indented(`kinds: ${FAULTS.join(', ')}`)}
Where nobody knows what KIS does, it can be told (the first of each is what it does unasked), for example:
  curl -d '{"revokedToken":"EGW00123"}' http://127.0.0.1:29443/sandbox/switches
${Object.entries(SWITCHES)
	.map(([name, values]) => indented(`${name}: ${values.join(' | ')}`))
	.join('')}
With --tls, give curl the certificate authority (--cacert) that it prints. Its tokens and switches are gone when it ends.
`;

function usageOf([name, option]: [string, (typeof OPTIONS)[keyof typeof OPTIONS]]): string {
	const takes = 'takes' in option ? ` ${option.takes}` : '';
	const given = 'default' in option && option.default ? ` Default: ${option.default}.` : '';
	return `  --${name}${takes}\n${indented(option.does + given, 6)}`;
}

function indented(text: string, by = 2): string {
	const lines = text.match(new RegExp(`\\S.{0,${WIDTH}}(?=\\s|$)`, 'g')) ?? [];
	return lines.map((line) => `${' '.repeat(by)}${line}\n`).join('');
}

/** @returns `null` where help is asked for. @throws Error that says what is wrong with the command line. */
export function parseOptions(args: readonly string[]): ProgramOptions | null {
	const { values } = parseArgs({ args: [...args], options: OPTIONS });
	if (values.help) return null;
	const { environment, port, tls, bind, name: names = [], appkey, appsecret } = values;
	if (!isEnvironment(environment)) throw new Error('--environment has to be paper or real');
	if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
		throw new Error('--port has to be a number from 0 to 65535');
	}
	const isName = (name: string) => isIP(name) !== 0 || /^[a-z\d_-]+(\.[a-z\d_-]+)*$/i.test(name);
	if (!names.every(isName)) {
		throw new Error('--name has to be a host name or an IP address, without https:// and port');
	}
	if (isIP(bind) === 0) throw new Error('--bind has to be an IP address');
	if (!tls && !isLoopback(bind)) {
		throw new Error(
			`--bind ${bind} takes --tls: other computers could reach it, and plain http would show them keys and tokens`,
		);
	}
	if (!appkey !== !appsecret) throw new Error('--appkey and --appsecret belong together');
	const app = appkey && appsecret ? { appkey, appsecret } : null;
	return { environment, app, port: Number(port), tls, address: bind, names };
}

function isEnvironment(name: string): name is EnvironmentName {
	return Object.hasOwn(RATE_LIMITS, name);
}
