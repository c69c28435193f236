// n8n's own SSRF protection, as n8n 2 offers it to nodes. Tried: forbidden addresses in every spelling, and names that resolve
// to something else after the check.
import { promises as dns } from 'node:dns';
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { testCredential } from '../support/credentialTest';
import { EgressRefusal } from '../../kis/http/egress';
import { egressRules } from '../../nodes/KisToken/host/egressRules';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { HELPERS, send, type Helper } from '../support/httpRequest';
import { isN8n1 } from '../support/releaseLine';
import { closeServers, startServer, type ScriptedServer } from '../support/scriptedServer';
import { makeKeyPair } from '../support/tokens';
import { issue, revoke, runNode, tokenItems, useSandbox } from '../support/workflow';

const FORBIDDEN = '127.0.0.1';
const ALLOWED = '127.0.0.2';
// n8n reads these variables when a node first asks for its filter.
Object.assign(process.env, {
	N8N_SSRF_PROTECTION_ENABLED: 'true',
	N8N_SSRF_ALLOWED_HOSTNAMES: 'localhost',
	N8N_SSRF_ALLOWED_IP_RANGES: `${ALLOWED}/32`,
	// No room in the DNS cache, so that n8n resolves each time.
	N8N_SSRF_DNS_CACHE_MAX_SIZE: '1',
});

/** n8n 1 has no such filter. */
const [onN8n1, onN8n2] = isN8n1 ? [test, test.skip] : [test.skip, test];

const sandbox = useSandbox();
let server: ScriptedServer;
beforeEach(async () => {
	server = await startServer();
});
afterEach(closeServers);
afterEach(() => jest.restoreAllMocks());

/** What a name resolves to, query by query: addresses with commas between, or the code of a failure. */
function resolve(...answers: string[]): void {
	const answer = async () => {
		const address = answers.shift() ?? 'ENOTFOUND';
		if (/^\d/.test(address)) return address.split(',').map((one) => ({ address: one, family: 4 }));
		throw Object.assign(new Error(), { code: address, syscall: 'getaddrinfo' });
	};
	jest.spyOn(dns, 'lookup').mockImplementation(answer as unknown as typeof dns.lookup);
}

async function revokeAt(baseUrl: string, maxRetries: number): Promise<IDataObject> {
	const [{ appkey }] = sandbox().apps;
	const run = await revoke(sandbox(), {
		input: tokenItems(sandbox().kis.mint(appkey).value),
		credential: { baseUrl },
		options: { maxRetries, includeDetails: true },
		onError: 'continueRegularOutput',
	});
	const [{ json }] = run.items;
	return (json.error ?? json.details) as IDataObject;
}

const refused = expect.objectContaining({
	outcome: 'notSent',
	code: 'EGRESS_REFUSED',
	message: expect.stringContaining("n8n's egress rules (SSRF protection) do not allow the address"),
	description: expect.stringMatching(/n8n says: “The request was blocked because .+”/),
	details: expect.objectContaining({ attempts: 1 }),
});

onN8n2.each<[string, string, string[]]>([
	['an address', 'http://127.0.0.1', []],
	['an address in IPv6', 'https://[::ffff:127.0.0.1]', []],
	['a name that resolves to one', 'https://kis.test', [FORBIDDEN]],
	["a name of the cloud's metadata", 'https://kis.test', ['169.254.169.254']],
	['a name that resolves to another after the check', 'https://kis.test', [ALLOWED, FORBIDDEN]],
	['one of the addresses of a name', 'https://kis.test', [`${ALLOWED},${FORBIDDEN}`]],
	['one of them after the check', 'https://kis.test', [ALLOWED, `${ALLOWED},${FORBIDDEN}`]],
])(
	'nothing connects to %s that is forbidden, and the item quotes n8n’s reason',
	async (_name, origin, addresses) => {
		resolve(...addresses);
		expect(await revokeAt(`${origin}:${server.port}`, 3)).toEqual(refused);
		expect(server.connections).toBe(0);
	},
);

onN8n2('no token is requested from an address that is forbidden', async () => {
	const run = await issue(sandbox(), {
		credential: { baseUrl: `http://127.0.0.1:${server.port}` },
		options: { includeDetails: true },
		onError: 'continueRegularOutput',
	});
	expect(run.items[0].json.error).toEqual(refused);
	expect(server.connections).toBe(0);
});

onN8n2('no question about a token goes to an address that is forbidden', async () => {
	const { items } = await runNode(sandbox(), {
		operation: 'inspect',
		input: tokenItems(sandbox().kis.mint(sandbox().apps[0].appkey).value),
		credential: { baseUrl: `http://127.0.0.1:${server.port}` },
		node: {
			parameters: { operation: 'inspect', token: '={{ $json.access_token }}', askKis: true },
		},
	});
	const reason = expect.stringContaining("n8n's egress rules (SSRF protection) do not allow");
	expect(items[0].json).toMatchObject({ alive: null, reason });
	expect(server.connections).toBe(0);
});

onN8n2('what n8n allows by name is called', async () => {
	resolve(FORBIDDEN, FORBIDDEN);
	const allowed = await revokeAt(sandbox().url.replace('127.0.0.1', 'localhost'), 0);
	expect(allowed).toMatchObject({ outcome: 'revoked' });
});

onN8n2('each of the addresses that n8n allows is tried', async () => {
	const both = `${ALLOWED},${FORBIDDEN}`;
	resolve(both, both);
	const allowed = await revokeAt(sandbox().url.replace('127.0.0.1', 'localhost'), 0);
	expect(allowed).toMatchObject({ outcome: 'revoked', attempts: 1 });
});

onN8n2.each([
	['by the check', ['EAI_AGAIN']],
	['by the connection', [FORBIDDEN, 'EAI_AGAIN']],
])('a name that cannot be resolved %s is not reported as forbidden', async (_name, answers) => {
	const url = sandbox().url.replace('127.0.0.1', 'localhost');
	resolve(...answers);
	expect(await revokeAt(url, 0)).toMatchObject({ outcome: 'notSent', code: 'EAI_AGAIN' });
	resolve(...answers, FORBIDDEN, FORBIDDEN);
	expect(await revokeAt(url, 1)).toMatchObject({ outcome: 'revoked', attempts: 2 });
});

onN8n1('without a filter everything is allowed', async () => {
	expect(await revokeAt(sandbox().url, 0)).toMatchObject({ outcome: 'revoked' });
});

test('where n8n has no egress filter for nodes, there are no rules', () => {
	expect(egressRules({ helpers: {} } as IExecuteFunctions)).toBeUndefined();
});

test("when n8n's egress filter throws, every address and name is refused", async () => {
	const context = {
		helpers: {
			getSecureEgressFilter: () => {
				throw new Error('broken');
			},
		},
	} as unknown as IExecuteFunctions;
	const rules = egressRules(context);
	await expect(rules?.check(new URL('https://kis.test'))).rejects.toBeInstanceOf(EgressRefusal);
	const found = await new Promise((resolve) => {
		rules?.lookup('kis.test', {}, (...answer) => resolve(answer));
	});
	expect(found).toEqual([expect.any(EgressRefusal), []]);
});

onN8n2.each(Object.keys(HELPERS) as Helper[])(
	'a forbidden address gets nothing of a request by %s, the request for its token neither',
	async (helper) => {
		const { stored, errors } = await send(
			{ keys: makeKeyPair(), url: server.url },
			{ url: `${server.url}/uapi/x` },
			{ helper },
		);
		expect(errors).toHaveLength(1);
		expect(JSON.stringify(stored)).toContain('does not ask');
		expect(server.connections).toBe(0);
	},
);

describe('the test in the dialog of the credential', () => {
	const verdict = async (baseUrl: string) => {
		const fields = { ...sandbox().apps[0], environment: 'custom', baseUrl };
		return await testCredential(new KisToken(), new KisApi(), fields);
	};

	onN8n2('keeps to it, and says so', async () => {
		const said = await verdict(server.url);
		expect(said).toContain("n8n's egress rules (SSRF protection) do not allow the address");
		expect(said).toMatch(/n8n says: “The request was blocked because .+”/);
		expect(server.connections).toBe(0);
	});

	onN8n2('keeps to it for names that stand for something else after the check', async () => {
		resolve(ALLOWED, FORBIDDEN, FORBIDDEN);
		const said = await verdict(`https://relay.test:${server.port}`);
		expect(said).toContain("n8n's egress rules (SSRF protection) do not allow the address");
		expect(server.connections).toBe(0);
	});

	onN8n2('does not take a name that cannot be resolved for a forbidden one', async () => {
		resolve();
		const said = await verdict(`https://relay.test:${server.port}`);
		expect(said).toContain('the host name could not be resolved (DNS)');
	});
});
