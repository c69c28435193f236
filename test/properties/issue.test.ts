// What is tried: any answer to tokenP whose fields echo the app key, the app secret, the token or one offered for reuse, in
// any encoding, up to the items that n8n stores.
import fc from 'fast-check';

import type { Answered, Exchange } from '../../kis/http/exchange';
import { readIssue } from '../../kis/issue/grant';
import { flawOf, notIssued, type Issuance } from '../../kis/issue/issuance';
import { parseExchange } from '../../kis/reply/reply';
import { SecretGuard } from '../../kis/secrets/secretGuard';
import { reportIssuance } from '../../nodes/KisToken/operations/issue/issuanceReport';
import { toItem } from '../../nodes/KisToken/report/outputItem';
import { echoOf, leakOf, partOf, secret, text, tokenOf } from '../support/arbitraries';
import { leaks } from '../support/encodings';
import { property } from '../support/properties';
import { bodyWith, replyBody, status } from '../support/replies';
import { credentialFor } from '../support/tokens';

const time = fc.constantFrom('2026-11-23 08:16:59', '2090-02-28 00:00:00', '2026-13-01 00:00:00');

const drawnCase = fc
	.tuple(secret, secret, secret, secret)
	.chain(([appkey, appsecret, kept, other]) => {
		const credential = credentialFor({ appkey, appsecret }, 'https://relay.example');
		const token = fc.constantFrom(tokenOf(appkey), tokenOf(other), `x${other}x`, appsecret);
		return token.chain((given) => {
			const secrets = [appkey, appsecret, kept, given];
			const leak = fc
				.constantFrom(...secrets)
				.chain((one) => fc.oneof(leakOf(one), partOf(one), echoOf(partOf(one))));
			const value = fc.oneof(leak, text, fc.jsonValue({ maxDepth: 1 }));
			const fields = fc.record(
				{
					access_token: fc.oneof({ arbitrary: fc.constant(given), weight: 4 }, value),
					access_token_token_expired: fc.oneof(time, value),
					token_type: fc.oneof(fc.constant('Bearer'), value),
					expires_in: fc.oneof(fc.nat(), value),
				},
				{ requiredKeys: [] },
			);
			const usual = fc.constant({});
			const body = fc
				.tuple(fields, fc.oneof({ arbitrary: usual, weight: 2 }, bodyWith(leak)))
				.map(
					([issued, more]) => new Uint8Array(Buffer.from(JSON.stringify({ ...more, ...issued }))),
				);
			const exchange = fc.record({
				kind: fc.constant('answered' as const),
				httpStatus: fc.oneof({ arbitrary: fc.constant(200), weight: 2 }, status),
				contentEncoding: fc.constant(null),
				retryAfter: fc.constant(null),
				date: fc.constantFrom(null, 'Mon, 23 Nov 2026 00:00:00 GMT'),
				body: fc.oneof({ arbitrary: body, weight: 9 }, replyBody),
			});
			return exchange.map((one) => ({
				credential,
				secrets,
				kept,
				given,
				exchange: one as Exchange,
			}));
		});
	});

function isIssued(exchange: Exchange, token: string): boolean {
	const { body } = exchange as Answered;
	return Buffer.from(body)
		.toString()
		.includes(JSON.stringify({ access_token: token }).slice(1, -1));
}

const options = fc.record({ includeDetails: fc.boolean(), waitWhenLimited: fc.boolean() });

property(
	'an item contains the token in at most one field, and no other secret',
	[drawnCase, options],
	({ credential, secrets, kept, given, exchange }, options) => {
		const { appkey, appsecret } = credential;
		const attempt = readIssue(
			parseExchange(exchange),
			credential,
			new SecretGuard([appkey, appsecret, kept]),
		);
		const { grant } = attempt;
		const flaw = grant && flawOf(grant, credential);
		const attempts = [attempt];
		const issuance: Issuance = !grant
			? notIssued(attempts, undefined)
			: flaw
				? { outcome: 'unusable', flaw, grant, attempts }
				: { outcome: 'issued', grant, attempts };
		const report = reportIssuance(issuance, credential, options);
		const item = toItem(report, 7);
		expect(JSON.parse(JSON.stringify(item))).toEqual(item);
		expect(report.succeeded).toBe(issuance.outcome === 'issued');

		const { access_token, ...rest } = item.json;
		expect(typeof access_token).toBe(report.succeeded ? 'string' : 'undefined');
		expect(leaks(String(access_token), [credential.appsecret])).toEqual([]);
		const stored = [...Object.values(rest).map(String), JSON.stringify(rest)].join('\n');
		// Nobody can recognise a token that this process has never seen.
		const known = secrets.filter((one) => one !== given || isIssued(exchange, given));
		expect(leaks(stored, known)).toEqual([]);
	},
);

property(
	'a refusal is never a token, and a token never a refusal',
	[drawnCase],
	({ credential, exchange }) => {
		const { grant, verdict, code } = readIssue(
			parseExchange(exchange),
			credential,
			new SecretGuard([]),
		);
		expect(grant !== null).toBe(verdict === 'confirmed');
		if (verdict === 'confirmed') expect(code).toMatch(/^[\w-]{1,16}$/);
	},
);
