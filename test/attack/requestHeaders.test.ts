// Tried: to displace the credential's headers, or to name another host, by the headers that a workflow sets: names in other
// spellings, values that are no text, and objects in objects, from which n8n's HTTP client lifts headers. n8n's two helpers
// send each such request.
import fc from 'fast-check';
import type { IDataObject, IExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';

import { makeApp } from '../../tools/sandbox/apps';
import { lendContext, type LentContext } from '../support/lentContext';
import { property } from '../support/properties';
import { closeServers, http, startServer, type ScriptedServer } from '../support/scriptedServer';

const EVIL = 'evil.example';
const SPELLINGS = ['host', 'appkey', 'appsecret', 'authorization', 'x-other'].flatMap((name) => [
	...[name, name.toUpperCase(), ` ${name}`, `${name}\t`],
]);
/** Under these axios takes an object for more headers. */
const GROUPS = ['common', 'get', 'post', 'GET', 'Common', 'delete', 'query', '__proto__'];

const { headers } = fc.letrec<{ headers: IDataObject; value: unknown }>((tie) => ({
	headers: fc.dictionary(fc.constantFrom(...SPELLINGS, ...GROUPS), tie('value') as never, {
		maxKeys: 4,
	}) as fc.Arbitrary<IDataObject>,
	value: fc.oneof(
		{ maxDepth: 3 },
		fc.constantFrom<unknown>(EVIL, '', 7, true, false, null, undefined, [EVIL], [{ host: EVIL }]),
		tie('headers'),
	),
}));

const app = makeApp();
let own: ScriptedServer;
let lent: LentContext;

beforeEach(async () => {
	own = await startServer({ answer: () => http(200, '{}', { connection: 'close' }) });
	const fields = { ...app, environment: 'custom', baseUrl: own.url, bringAuthorization: false };
	lent = await lendContext({ ...fields, paceRequests: false });
});
afterEach(async () => {
	await lent.giveBack();
	await closeServers();
});

type OlderOptions = Parameters<IExecuteFunctions['helpers']['request']>[1];

const counts = { sent: 0, refused: 0 };

property(
	'whatever arrives has the key pair and the host of the credential',
	[headers, fc.constantFrom('GET', 'POST')],
	async (drawn, method) => {
		const { context } = lent;
		const { httpRequestWithAuthentication, requestWithAuthentication } = context.helpers;
		const options = () =>
			({ url: `${own.url}/uapi/x`, method, headers: structuredClone(drawn) }) as OlderOptions &
				IHttpRequestOptions;
		for (const send of [httpRequestWithAuthentication, requestWithAuthentication]) {
			const before = own.requests.length;
			await send.call(context, 'kisApi', options()).catch(() => {});
			const seen = own.requests.slice(before);
			counts[seen.length > 0 ? 'sent' : 'refused']++;
			for (const { headers: arrived } of seen) {
				expect(arrived).toMatchObject({ ...app, host: `127.0.0.1:${own.port}` });
			}
		}
	},
);

test('enough of the draws are sent, and enough are refused, to make the test meaningful', () => {
	expect(Math.min(counts.sent, counts.refused)).toBeGreaterThan(20);
});
