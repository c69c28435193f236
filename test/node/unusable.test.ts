// Revoke in a node that can send nothing, since its credential or an option cannot be used: what it says of the tokens that
// its execution has sent before, with the same credential or another, to the same host or another.
import type { Socket } from 'node:net';
import type { IDataObject, IExecuteFunctions, INode, IRun } from 'n8n-workflow';

import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { EngineCredentials } from '../../tools/engine/credentials';
import { encryptCredential, outputOf } from '../../tools/engine/run';
import { send } from '../support/httpRequest';
import { KisDouble } from '../support/kisDouble';
import { closeServers, hangUp, refusal, unusedPort } from '../support/scriptedServer';
import {
	failing,
	kisTokenStep,
	runChain,
	runNode,
	tokenItems,
	UNLIMITED,
	type Setup,
} from '../support/workflow';

let kis: KisDouble;
beforeEach(async () => {
	kis = await new KisDouble().start();
});
afterEach(closeServers);
afterEach(() => jest.restoreAllMocks());

const host = () => ({ apps: [kis.keys], url: kis.url });

/** A node that revokes a token, or the one that its credential keeps. */
function step(name: string, token: string | null, changes: Partial<INode> = {}): INode {
	const tokenSource = token === null ? 'credential' : 'input';
	const options = { maxRetries: 0, requestsPerSecond: UNLIMITED };
	return {
		...kisTokenStep(name, 'revoke', { tokenSource, token, options }),
		...failing,
		...changes,
	};
}

/** The same, with an option that the node cannot use. */
function misset(node: INode): INode {
	return { ...node, parameters: { ...node.parameters, options: { timeout: -1 } } };
}

const run = async (nodes: readonly INode[], setup: Setup = {}) =>
	await runChain(host(), nodes, { input: [{}], ...setup });

/** What a node says of the one token. */
function saidBy(stored: IRun, name: string): IDataObject {
	const [{ json }] = outputOf(stored, name);
	return (json.error ?? json) as IDataObject;
}

/** From its nth reading on, n8n can read no credential: as while its database restarts. */
function unreadableFrom(nth: number): void {
	let readings = 0;
	const { getDecrypted } = EngineCredentials.prototype;
	jest.spyOn(EngineCredentials.prototype, 'getDecrypted').mockImplementation(async function (
		this: EngineCredentials,
		...args
	) {
		if (++readings >= nth) throw new Error('Connection terminated unexpectedly');
		return await getDecrypted.apply(this, args);
	});
}

/** A credential at the host, and how a node names it. */
async function credentialAt(id: string, baseUrl: string, name = id) {
	const fields = { ...kis.keys, environment: 'custom', baseUrl };
	return {
		credentials: [{ ...(await encryptCredential(id, 'kisApi', fields)), name }],
		node: { credentials: { kisApi: { id, name } } },
	};
}

describe('an earlier node revoked the token at a mock', () => {
	let mock: KisDouble;
	let token: string;
	beforeEach(async () => {
		mock = await new KisDouble(kis.keys).start();
		token = kis.mint();
		mock.live.add(token);
	});

	afterEach(() => {
		expect(mock.seen('revokeP')).toHaveLength(1);
		expect(kis.requests).toEqual([]);
		expect(kis.live).toContain(token);
	});

	test('the token was not sent with a credential whose node has an invalid option', async () => {
		const { credentials, node } = await credentialAt('mock', mock.url);
		const nodes = [step('Mock', token, node), misset(step('KIS', token))];
		const stored = await run(nodes, { credentials });
		expect(saidBy(stored, 'Mock')).toMatchObject({ outcome: 'revoked' });
		expect(saidBy(stored, 'KIS')).toMatchObject({
			outcome: 'notSent',
			description: 'Correct it in the Options of the node.',
		});
	});

	test('the token is unknown to a node with an unusable address', async () => {
		const { credentials, node } = await credentialAt('mock', mock.url);
		const stored = await run([step('Mock', token, node), step('KIS', token)], {
			credentials,
			credential: { baseUrl: 'http://relay.example' },
		});
		expect(saidBy(stored, 'KIS')).toMatchObject({
			outcome: 'unknown',
			message: expect.stringContaining(
				'The token may be dead or still live: the Base URL is plain',
			),
			description: expect.stringContaining('This execution has sent the token before.'),
		});
	});

	test.each([
		['of another name', 'KIS'],
		// n8n allows that.
		['of the same name', 'mock'],
	])('the token is unknown to a node with an unreadable credential %s', async (_name, name) => {
		const { credentials, node } = await credentialAt('mock', mock.url);
		unreadableFrom(2);
		const other = { credentials: { kisApi: { id: 'kis', name } } };
		const stored = await run([step('Mock', token, node), step('KIS', token, other)], {
			credentials,
		});
		expect(saidBy(stored, 'KIS')).toMatchObject({ outcome: 'unknown' });
	});

	test('a node without a credential id is not taken for another one', async () => {
		const { credentials, node } = await credentialAt('mock', mock.url);
		const nameless = { credentials: { kisApi: { id: null, name: 'mock' } } };
		const stored = await run([step('Mock', token, node), step('KIS', token, nameless)], {
			credentials,
		});
		expect(saidBy(stored, 'KIS')).toMatchObject({ outcome: 'unknown' });
	});

	test('the token is unknown to a node for which an expression in the credential gives no address', async () => {
		const stored = await run([step('Mock', token), step('KIS', token)], {
			// The second node gets what the first gave out.
			input: [{ host: mock.url }],
			credential: { baseUrl: '={{ $json.host }}' },
		});
		expect(saidBy(stored, 'Mock')).toMatchObject({ outcome: 'revoked' });
		expect(saidBy(stored, 'KIS')).toMatchObject({
			outcome: 'unknown',
			message: 'The token may be dead or still live: the Base URL is empty',
		});
	});

	test.each([
		['names a node that has not run', "={{ $json.host ?? $('Never').first().json.host }}"],
		['cannot be evaluated', '={{ $json.host ?? $fromAI() }}'],
	])(
		'the token is unknown to a node for which an expression in the credential %s',
		async (_name, baseUrl) => {
			const stored = await run([step('Mock', token), step('KIS', token)], {
				input: [{ host: mock.url }],
				credential: { baseUrl },
			});
			expect(saidBy(stored, 'Mock')).toMatchObject({ outcome: 'revoked' });
			expect(saidBy(stored, 'KIS')).toMatchObject({ outcome: 'unknown' });
		},
	);

	test('the token is unknown where the address of one credential has been both', async () => {
		// As by an expression in the credential, or edited while the execution waits.
		const executionId = 'one address and another';
		await runNode({ ...host(), url: mock.url }, { executionId, input: tokenItems(token) });
		const timeout = await run([misset(step('KIS', token))], { executionId });
		expect(saidBy(timeout, 'KIS')).toMatchObject({ outcome: 'notSent' });
		unreadableFrom(1);
		const unreadable = await run([step('KIS', token)], { executionId });
		expect(saidBy(unreadable, 'KIS')).toMatchObject({ outcome: 'unknown' });
	});
});

describe('an earlier node sent the token with the same credential', () => {
	/** Makes the second node unusable. */
	const unreadable = (node: INode) => {
		unreadableFrom(2);
		return node;
	};
	const unusable: Array<[string, (node: INode) => INode]> = [
		['an invalid option', misset],
		['an unreadable credential', unreadable],
	];

	test.each([
		['an invalid option', misset, (outcome: string) => outcome],
		// It may be for another host by then: an expression in it, or an edit.
		['an unreadable credential', unreadable, () => 'unknown'],
	] as const)('what is known of it in a node with %s', async (_name, breaks, saidAs) => {
		for (const [answer, outcome] of [
			[null, 'revoked'],
			[refusal('EGW00121', 403), 'alreadyInvalid'],
			[refusal('EGW00101'), 'rejected'],
			[hangUp, 'unknown'],
		] as const) {
			kis.orders.revokeP = [answer];
			kis.orders.quote = [hangUp];
			const token = kis.mint();
			const stored = await run([step('One', token), breaks(step('Two', token))]);
			expect([saidBy(stored, 'One').outcome, saidBy(stored, 'Two').outcome]).toEqual([
				outcome,
				saidAs(outcome),
			]);
			jest.restoreAllMocks();
		}
		expect(kis.seen('revokeP')).toHaveLength(4);
	});

	test.each(unusable)(
		'what never reached it was not sent by a node with %s',
		async (_name, breaks) => {
			const token = kis.mint();
			const { credentials, node } = await credentialAt(
				'away',
				`http://127.0.0.1:${await unusedPort()}`,
			);
			const nodes = [step('One', token, node), breaks(step('Two', token, node))];
			const stored = await run(nodes, { credentials });
			expect([saidBy(stored, 'One').outcome, saidBy(stored, 'Two').outcome]).toEqual([
				'notSent',
				'notSent',
			]);
			expect(saidBy(stored, 'Two').description).not.toContain('has sent');
		},
	);
});

describe('the token that the credential keeps', () => {
	const sources = ['credential', 'input'];

	/** Its revoke is processed, and neither that nor the question is answered. */
	async function keptAndLost(): Promise<string> {
		await send(kis, { url: kis.urlOf('quote') });
		const [token] = kis.live;
		kis.orders.revokeP = [
			(socket: Socket) => {
				kis.live.delete(token);
				hangUp(socket);
			},
		];
		kis.orders.quote = [hangUp];
		return token;
	}

	test.each(sources)(
		'a second try of Retry On Fail that cannot read the credential does not call the token of the first unsent (%s)',
		async (tokenSource) => {
			const token = await keptAndLost();
			unreadableFrom(2);
			const retry = { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 };
			const given = tokenSource === 'input' ? token : null;
			const stored = await run([step('One', given, retry)]);
			expect(kis.seen('revokeP')).toHaveLength(1);
			expect(saidBy(stored, 'One')).toMatchObject({
				outcome: 'unknown',
				message: expect.stringContaining('n8n could not read the KIS API credential'),
				description: expect.stringContaining('This execution has sent the token before.'),
			});
		},
	);

	test('a second try that cannot read the credential knows what the first has confirmed', async () => {
		await send(kis, { url: kis.urlOf('quote') });
		const [token] = kis.live;
		unreadableFrom(2);
		const retry = { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 };
		// The first item makes the first try fail.
		const input = tokenItems('two words', token);
		const { items } = await runNode(host(), { input, node: retry, ...failing });
		expect(items[1].json).toMatchObject({ outcome: 'revoked' });
		expect(kis.live.size).toBe(0);
	});

	test.each(sources)(
		'a second node with an invalid option does not call it unsent (%s)',
		async (tokenSource) => {
			const token = await keptAndLost();
			const given = tokenSource === 'input' ? token : null;
			const stored = await run([step('One', given), misset(step('Two', given))]);
			expect([saidBy(stored, 'One').outcome, saidBy(stored, 'Two').outcome]).toEqual([
				'unknown',
				'unknown',
			]);
		},
	);

	test('a second node that cannot read the credential does not call it unsent, though nobody can tell which it is', async () => {
		await keptAndLost();
		unreadableFrom(2);
		const stored = await run([step('One', null), step('Two', null)]);
		expect(saidBy(stored, 'One')).toMatchObject({ outcome: 'unknown' });
		expect(saidBy(stored, 'Two')).toMatchObject({
			outcome: 'unknown',
			description:
				'Select it again in this node, or open it and save it anew. This execution has sent tokens before, and this one may be among them. Treat the token as live until a revoke is confirmed.',
		});
	});

	test('nor does it call it revoked if the credential may keep another one by then', async () => {
		await send(kis, { url: kis.urlOf('quote') });
		unreadableFrom(2);
		const stored = await run([step('One', null), step('Two', null)]);
		expect(saidBy(stored, 'One')).toMatchObject({ outcome: 'revoked' });
		expect(saidBy(stored, 'Two')).toMatchObject({ outcome: 'unknown' });
	});

	test('was not sent if the execution has sent nothing', async () => {
		await send(kis, { url: kis.urlOf('quote') });
		unreadableFrom(1);
		const stored = await run([step('One', null)]);
		expect(saidBy(stored, 'One')).toMatchObject({ outcome: 'notSent' });
	});
});

test.each([
	[
		'cannot be evaluated',
		() => {
			throw new Error('the node has not run');
		},
	],
	['gives nothing', () => undefined],
])(
	'a second try of Retry On Fail goes on with the token of the first if its expression %s by then',
	async (_name, laterToken) => {
		const token = kis.mint();
		kis.orders.revokeP = [
			(socket: Socket) => {
				kis.live.delete(token);
				hangUp(socket);
			},
		];
		kis.orders.quote = [hangUp];
		const { execute } = KisToken.prototype;
		let tries = 0;
		jest.spyOn(KisToken.prototype, 'execute').mockImplementation(async function (
			this: IExecuteFunctions,
		) {
			const read = this.getNodeParameter.bind(this) as (...args: unknown[]) => unknown;
			const readLater = (name: string, ...args: unknown[]) =>
				name === 'token' ? laterToken() : read(name, ...args);
			if (++tries > 1) this.getNodeParameter = readLater as typeof this.getNodeParameter;
			return await execute.call(this);
		});
		const retry = { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 };
		const stored = await run([step('One', token, retry)]);
		expect(kis.seen('revokeP')).toHaveLength(2);
		expect(saidBy(stored, 'One')).toMatchObject({ outcome: 'revoked' });
	},
);
