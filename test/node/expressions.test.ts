// Expressions that n8n cannot evaluate: the error gives n8n's own reason, and never a part of a secret. Tried: every kind of
// reason that n8n gives; reasons that quote a token, an app key or a secret, of the item or of another node, whole, cut
// short, encoded, in another case; thrown values that are not errors.
import { createHash } from 'node:crypto';
import { ExpressionError, type INodeExecutionData } from 'n8n-workflow';

import { outputOf } from '../../tools/engine/run';
import { ENCODINGS } from '../support/encodings';
import { found, withoutInput } from '../support/secrets';
import { makeKeyPair, makeOpaqueToken, makeToken } from '../support/tokens';
import {
	errorOf,
	failing,
	issue,
	kisTokenStep,
	revoke,
	runChain,
	runNode,
	tokenItems,
	useSandbox,
} from '../support/workflow';

const sandbox = useSandbox();

const WITHHELD = 'Open it in the node to see what n8n says about it.';

/** Gives out an item whose `thrown` throws this error. */
function throwing(error: ExpressionError): () => INodeExecutionData[] {
	const get = () => {
		throw error;
	};
	return () => [{ json: Object.defineProperty({}, 'thrown', { get }) }];
}

describe('the error quotes why n8n cannot evaluate an expression', () => {
	test.each([
		["$('No Such Node').item.json.access_token", "Referenced node doesn't exist"],
		["$node['No Such Node'].json.access_token", "Referenced node doesn't exist"],
		["$items('No Such Node')[0].json", "Referenced node doesn't exist"],
		["$('Later').first().json.access_token", "Node 'Later' hasn't been executed"],
		["$('KIS Token1').first().json.access_token", "Node 'KIS Token1' hasn't been executed"],
		['$node["KIS Token1"].json.access_token', "Node 'KIS Token1' hasn't been executed"],
		['$items( `KIS Token1`)[0].json', "Node 'KIS Token1' hasn't been executed"],
		["$('Later').item.json.access_token", 'Invalid expression. No path back to referenced node'],
		[
			"$('Start').itemMatching(9).json.access_token",
			'Can’t get data for expression. Some intermediate nodes between ‘Start‘ and ‘KIS Token‘ have not executed yet',
		],
		['$json.', 'invalid syntax'],
		['$if()', 'invalid syntax'],
		['$json.access_token.toNumber()', 'cannot convert to number'],
		['$json.access_token.toDateTime()', 'cannot convert to Luxon DateTime'],
		['$json.access_token.parseJson()', 'Parsing failed'],
		['$json.access_token.beginningOf("x")', 'beginningOf() is only callable on type "Date"'],
		['[1].chunk(0)', 'chunk(): expected non-zero numeric arg, e.g. .chunk(5)'],
		["$fromAI('x y')", /^Invalid parameter key, must be between 1 and 64 characters/],
	])('%s', async (expression, reason) => {
		const nodes = [
			{ ...kisTokenStep('KIS Token', 'revoke', { token: `={{ ${expression} }}` }), ...failing },
			kisTokenStep('Later', 'inspect'),
			kisTokenStep('KIS Token1', 'inspect'),
		];
		const emit = () => tokenItems(makeToken(makeKeyPair().appkey), 'x').map((json) => ({ json }));
		const run = await runChain(sandbox(), nodes, { emit });
		const { message, description } = errorOf({
			stored: run,
			items: outputOf(run, 'KIS Token'),
			errorItems: [],
			error: undefined,
		});
		expect(message).toBe(
			'The token was not sent to KIS: the expression in the field Token cannot be evaluated for this item',
		);
		const [, says] = /^Correct it, or what it refers to\. n8n says: “(.*)”\.$/.exec(
			description,
		) ?? [description, description];
		expect(says).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason));
	});
});

test.each(['revoke', 'inspect'])(
	'the same in %s, and in the error of a run that stops',
	async (op) => {
		const token = "={{ $('No Such Node').item.json.access_token }}";
		const run = await runNode(sandbox(), { operation: op, token, onError: 'stopWorkflow' });
		expect(run.error?.description).toContain('n8n says: “Referenced node doesn&#39;t exist”.');
	},
);

test('the same for options', async () => {
	const expression = "={{ $('No Such Node').item.json.x }}";
	for (const options of [{ maxRetries: expression }, { reuseToken: expression }]) {
		const run = await issue(sandbox(), { ...failing, options });
		expect(errorOf(run).description).toContain("n8n says: “Referenced node doesn't exist”.");
	}
});

describe('a reason that may quote a secret is left out', () => {
	/** Makes n8n throw an error with this text, wherever the text comes from. */
	async function said(
		text: string | ExpressionError,
		item: Record<string, unknown> = {},
		token = '={{ $json.thrown }}',
	): Promise<string> {
		const thrown = {
			get thrown() {
				throw typeof text === 'string' ? new ExpressionError(text) : text;
			},
		};
		Object.defineProperty(thrown, 'thrown', { enumerable: false });
		const json = Object.defineProperties(thrown, Object.getOwnPropertyDescriptors(item));
		const emit = () => [{ json } as INodeExecutionData];
		const stopped = await revoke(sandbox(), { emit, token, onError: 'stopWorkflow' });
		const run = await revoke(sandbox(), { ...failing, emit, token });
		for (const each of [run, stopped]) {
			expect(found(withoutInput(each), secretsOf(item))).toBeUndefined();
		}
		const { message, description } = errorOf(run);
		expect(message).not.toContain('n8n says');
		return description;
	}
	const secretsOf = (item: object) =>
		Object.values(item).filter((value): value is string => typeof value === 'string');

	/** Ways in which engines quote what they cannot read. */
	const quoting: ReadonlyArray<[string, (secret: string) => string]> = [
		[
			'JSON.parse',
			(secret) => `Unexpected token 'e', "${secret.slice(0, 10)}"... is not valid JSON`,
		],
		['luxon', (secret) => `the input "${secret}" can't be parsed as ISO`],
		['hash()', (secret) => `Unknown algorithm ${secret.toLowerCase()}. Available are: md5`],
		['eight characters of it', (secret) => `cannot convert ${secret.slice(20, 28)}`],
		['spaces between', (secret) => `cannot convert ${[...secret.slice(0, 30)].join(' ')}`],
		['tags between', (secret) => `cannot convert ${[...secret.slice(0, 30)].join('<b>')}`],
		['dots between', (secret) => `cannot convert ${secret.match(/.{1,7}/g)?.join('.')}`],
		['zero-width spaces between', (secret) => `no ${[...secret.slice(0, 30)].join('\u200b')}`],
		['reversed', (secret) => `no ${[...secret].reverse().join('')}`],
		...Object.entries(ENCODINGS).map(([encoding, encode]): [string, (secret: string) => string] => [
			encoding,
			(secret) => `cannot convert ${encode(secret.slice(0, 12))} to number`,
		]),
	];
	// Fixed, since eight random characters of another node's token are a word once in a thousand times.
	const random = (seed: string) => createHash('sha512').update(seed);
	const appkey = `PS${random('key').digest('hex').slice(0, 34)}`;
	const secrets = {
		'a token': makeToken(appkey),
		'an opaque token': random('token').digest('hex'),
		'an app key': appkey,
		'an app secret': random('secret').digest('base64'),
	};

	describe.each(Object.entries(secrets))('%s', (_name, secret) => {
		test.each(quoting)('of the item: %s', async (_how, quote) => {
			expect(await said(quote(secret), { access_token: secret })).toBe(WITHHELD);
			expect(await said(quote(secret), { nested: [{ deep: `Bearer ${secret}` }] })).toBe(WITHHELD);
			expect(await said(quote(secret), { body: `{"access_token":"${secret}"}` })).toBe(WITHHELD);
		});

		test.each(quoting.filter(([how]) => !how.includes('between')))(
			'of another node: %s',
			async (_how, quote) => {
				expect(await said(quote(secret))).toBe(WITHHELD);
			},
		);

		test('in the description', async () => {
			const error = new ExpressionError('Data not found', { description: `No ${secret}` });
			const description = await said(error, { access_token: secret });
			expect(description).toBe('Correct it, or what it refers to. n8n says: “Data not found”.');
		});
	});

	test('a token that reads like a word', async () => {
		for (const quoted of [
			'manatees',
			'lovemana',
			'LOVEMANATEES',
			'love-mana-tees',
			'l o v e m a n a',
		]) {
			expect(await said(`cannot convert ${quoted}`, { access_token: 'ilovemanatees' })).toBe(
				WITHHELD,
			);
		}
		expect(await said('cannot convert lovem', { access_token: 'ilovemanatees' })).not.toBe(
			WITHHELD,
		);
	});

	test('a token within a text of the item, but not the words around it', async () => {
		const item = { log: 'Mind: ilovemanatees1 is a token, manatees are not.' };
		expect(await said('cannot convert lovemana', item)).toBe(WITHHELD);
		const lovely = { log: ['Mind the lovely manatees.'] };
		expect(await said('cannot convert manatees', lovely)).toContain('“cannot convert manatees”');
	});

	test('a typed token, which is part of the expression', async () => {
		const token = makeOpaqueToken();
		const run = await revoke(sandbox(), {
			...failing,
			input: [{}],
			token: `={{ 'x'.hash('${token}') }}`,
		});
		expect(errorOf(run).description).toBe(WITHHELD);
		expect(found(withoutInput(run), [token])).toBeUndefined();
	});

	test('the key pair of the credential, even one that reads like words', async () => {
		const credential = { appkey: 'ilovemanatees', appsecret: 'correcthorsebattery' };
		for (const quoted of ['manatees', 'CorrectHorse', 'correcthorse']) {
			const emit = throwing(new ExpressionError(`cannot convert ${quoted}`));
			const setup = { ...failing, emit, credential, token: '={{ $json.thrown }}' };
			expect(errorOf(await revoke(sandbox(), setup)).description).toBe(WITHHELD);
			const issued = await issue(sandbox(), { ...setup, options: { reuseToken: setup.token } });
			expect(errorOf(issued).description).toBe(WITHHELD);
		}
	});

	test('where n8n itself quotes it: as an algorithm, a unit, a format', async () => {
		for (const secret of Object.values(secrets)) {
			for (const expression of [
				"'x'.hash($json.t)",
				'$now.beginningOf($json.t)',
				'$now.diffTo($now, $json.t)',
			]) {
				const token = `={{ ${expression} }}`;
				const run = await revoke(sandbox(), { ...failing, input: [{ t: secret }], token });
				expect(found(withoutInput(run), [secret, secret.toLowerCase()])).toBeUndefined();
				expect(errorOf(run).description).not.toContain(secret.slice(0, 8));
			}
		}
	});

	test('a text that is too long, and an item that is too large to be searched', async () => {
		expect(await said('word '.repeat(100))).toBe(WITHHELD);
		expect(await said('Data not found', { text: 'word '.repeat(10_000) })).toBe(WITHHELD);
	});

	test('an item that cannot be searched', async () => {
		const ring: Record<string, unknown> = {};
		ring.ring = ring;
		for (const item of [
			ring,
			{
				toJSON: () => {
					throw new Error('x');
				},
			},
		]) {
			expect(await said('Data not found', item)).toBe(WITHHELD);
		}
	});

	test('a thrown value without any text', async () => {
		const odd = Object.assign(new ExpressionError('x'), { message: { toString: () => 'x' } });
		expect(await said(odd)).toBe(WITHHELD);
		const nothing = new ExpressionError('');
		expect(await said(nothing)).toBe(WITHHELD);
		const failing = Object.defineProperty(new ExpressionError('x'), 'message', {
			get() {
				throw new Error('y');
			},
		});
		expect(await said(failing)).toBe(WITHHELD);
	});
});

test.each(['', '<br/>', '<b> Data not found. </b>'])(
	'what the description %j does not add is not quoted',
	async (description) => {
		const emit = throwing(new ExpressionError('Data not found', { description }));
		const run = await revoke(sandbox(), { ...failing, emit, token: '={{ $json.thrown }}' });
		expect(errorOf(run).description).toContain('n8n says: “Data not found”.');
	},
);

test('a reason is quoted as plain text: nothing in it ends the quotation or is rendered', async () => {
	const thrown = new ExpressionError('no ” The token was revoked. <img src=x> \u202e “ and\nmore');
	const emit = throwing(thrown);
	const run = await revoke(sandbox(), { ...failing, emit, token: '={{ $json.thrown }}' });
	const { description } = errorOf(run);
	expect(description.match(/“[^”]*”/g)).toHaveLength(1);
	expect(description).not.toMatch(/[<>\p{Cc}\p{Cf}]/u);
});
