// Tried: to reach the request, with the keys in its headers, from the answer that a node of n8n is given. The HTTP Request
// node asks for a stream of the answer with Response Format Autodetect or File, or a Raw body; a stream leads to its request,
// and n8n stores what an item or the node's own data lead to.
import { inspect } from 'node:util';

import { HELPERS, send, type Helper } from '../support/httpRequest';
import { KisDouble } from '../support/kisDouble';
import { closeServers, http } from '../support/scriptedServer';
import { found } from '../support/secrets';

afterEach(closeServers);

const WAYS: Record<string, object> = {
	'Autodetect or File': { encoding: null, json: false, useStream: true },
	'a Raw body': { json: false, useStream: true },
	'an encoding': { encoding: 'stream', json: false },
};

test.each(
	(Object.keys(HELPERS) as Helper[]).flatMap((helper) =>
		Object.keys(WAYS).map((way) => [helper, way] as const),
	),
)(
	'%s with a stream asked for by %s: the answer arrives whole, and holds no key',
	async (helper, way) => {
		const kis = await new KisDouble().start();
		const answer = JSON.stringify({ rt_cd: '0', msg1: '정상처리 되었습니다.' });
		kis.orders.quote = Array.from({ length: 3 }, () => http(200, answer));
		const sending = { url: kis.urlOf('quote'), ...WAYS[way] };
		const { stored, answers, errors } = await send(kis, sending, { helper });
		expect(errors).toEqual([]);
		expect(answers).not.toEqual([]);
		const secrets = [kis.keys.appkey, kis.keys.appsecret, ...kis.live];
		expect(
			found(inspect(stored, { depth: Infinity, maxArrayLength: null }), secrets),
		).toBeUndefined();
		for (const given of answers) {
			for (const body of bodiesOf(given)) expect(textOf(body)).toBe(answer);
		}
	},
);

test.each([
	['JSON', {}, 'object'],
	['text', { json: false, encoding: 'utf8' }, 'string'],
	['a Buffer', { json: false, encoding: null }, 'Buffer'],
])('an answer asked for as %s arrives as that', async (_form, asked, type) => {
	const kis = await new KisDouble().start();
	const { answers } = await send(kis, { url: kis.urlOf('quote'), ...asked });
	expect(answers.map((answer) => (Buffer.isBuffer(answer) ? 'Buffer' : typeof answer))).toEqual([
		type,
	]);
});

/** Of one answer, or of each page. */
function bodiesOf(given: unknown): unknown[] {
	return Array.isArray(given) ? given.map((page: { body: unknown }) => page.body) : [given];
}

/** One helper parses what is JSON, whatever it is asked for. */
function textOf(body: unknown): string {
	return typeof body === 'string' || Buffer.isBuffer(body) ? String(body) : JSON.stringify(body);
}
