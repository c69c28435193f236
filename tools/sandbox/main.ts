import { print, runMain } from '../common/program';
import { DOCKER_HOST, isEverywhere, namesOfThisComputer } from './address';
import { signCertificate } from './certificate';
import { readOrMakeKept } from './kept';
import { RATE_LIMITS } from './kis';
import { parseOptions, USAGE } from './options';
import { Sandbox } from './server';

/** 주식현재가 시세 of 005930, as the first steps of the README ask for it. */
const QUOTE =
	'/uapi/domestic-stock/v1/quotations/inquire-price?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=005930';

async function main(): Promise<boolean> {
	const options = parseOptions(process.argv.slice(2));
	if (!options) {
		print(USAGE);
		return true;
	}
	const { environment, port, tls, address, names } = options;
	const kept = await readOrMakeKept();
	const app = options.app ?? kept.app;
	const known = [...new Set([...namesOfThisComputer(), address, ...names])];
	const certificate = tls ? await signCertificate(kept.authority, known) : undefined;

	const sandbox = new Sandbox({ environment, apps: [app], port, address, certificate });
	// KIS's notice of 2026-04-20 gives tokenP a limit of its own, and whether revokeP counts is not known. If they counted
	// here, a quote right after an issue would be refused on paper.
	sandbox.kis.switches.oauthCounts = environment !== 'paper';
	await sandbox.start().catch((error: NodeJS.ErrnoException) => {
		if (error.code !== 'EADDRINUSE') throw error;
		throw new Error(
			`port ${port} is taken, perhaps by a sandbox that still runs. End it, or choose another with --port.`,
		);
	});
	for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void sandbox.stop());

	const host = names[0] ?? (isEverywhere(address) ? DOCKER_HOST : address);
	const limit = RATE_LIMITS[environment];
	print(`The KIS sandbox (${environment}, ${limit} request${limit === 1 ? '' : 's'} a second) listens at ${sandbox.url}

In n8n: Credentials → Create credential → KIS API
  App Key      ${app.appkey}
  App Secret   ${app.appsecret}
  Environment  Custom (Relay or Sandbox)
  Base URL     ${sandbox.urlAt(host)}
All of it stays the same from start to start.

The quote of the first steps, for the HTTP Request node:
  ${sandbox.urlAt(host)}${QUOTE}
${tls ? trust(kept.authorityFile) : ''}
What else it can do: npm run sandbox -- --help
Ctrl+C ends it.
`);
	return true;
}

/** How n8n is told of the authority. */
function trust(file: string): string {
	return `
n8n has to trust the sandbox's certificate authority. Start n8n with
  NODE_EXTRA_CA_CERTS=${file}
or in Docker with
  -v ${file}:/kis-sandbox.pem:ro -e NODE_EXTRA_CA_CERTS=/kis-sandbox.pem --add-host ${DOCKER_HOST}:host-gateway
Anybody who can read the key beside that file can pass for any host to that n8n: let it hold no real keys.
`;
}

void runMain(main, (error) => {
	const why = error instanceof Error ? error.message : String(error);
	return `The sandbox was not started: ${why}\nnpm run sandbox -- --help explains the options.\n`;
});
