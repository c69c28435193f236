// What is tried: any values in the fields of a credential and of the options, keys of any Unicode, and any address.
import fc from 'fast-check';

import { parseCredential } from '../../kis/input/credential';
import { ENVIRONMENTS, type EnvironmentName } from '../../kis/input/environments';
import { revokeBody } from '../../kis/revoke/revocation';
import { InvalidInput } from '../../kis/input/invalidInput';
import type { Option } from '../../nodes/KisToken/operations/fields/option';
import { revokeOptions } from '../../nodes/KisToken/operations/revoke/options';
import { secret, text } from '../support/arbitraries';
import { property } from '../support/properties';
import { read } from '../support/tokens';

const environment = fc.constantFrom(...(Object.keys(ENVIRONMENTS) as EnvironmentName[]));
const anyField = fc.oneof(text, fc.anything());
const whiteSpace = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n', '\uFEFF', '\u3000') });

property(
	'any fields make a credential or are unusable',
	[
		fc.record(
			{
				appkey: anyField,
				appsecret: anyField,
				environment: fc.oneof(environment, anyField),
				baseUrl: fc.oneof(fc.webUrl(), anyField),
				redisUrl: fc.oneof(
					text.map((rest) => `redis://${rest}`),
					anyField,
				),
			},
			{ requiredKeys: [] },
		),
	],
	(fields) => {
		const credential = parseCredential(fields);
		if (credential instanceof InvalidInput) return;
		expect(credential.appkey).toMatch(/^\S+$/);
		expect(credential.appsecret).toMatch(/^\S+$/);
		expect(credential.redis?.host).not.toBe('');
		const { baseUrl } = ENVIRONMENTS[credential.environment];
		if (baseUrl !== null) expect(credential.baseUrl.origin).toBe(baseUrl);
	},
);

property(
	'keys of any Unicode reach the request body unchanged, but for stray white space',
	[secret, secret, secret, whiteSpace, fc.constantFrom('real', 'paper')],
	(appkey, appsecret, token, stray, environment) => {
		const [head, tail] = [[...appsecret].slice(0, 4).join(''), [...appsecret].slice(4).join('')];
		const credential = parseCredential({
			appkey: stray + appkey + stray,
			appsecret: head + stray + tail,
			environment,
		});
		expect(credential).toMatchObject({ appkey, appsecret, environment });
		const body = JSON.stringify(revokeBody(appkey, appsecret, read(`x${token}x`)));
		expect(JSON.parse(Buffer.from(body).toString())).toEqual({
			appkey,
			appsecret,
			token: `x${token}x`,
		});
	},
);

property(
	'a refusal quotes neither key',
	[
		secret,
		secret,
		fc.constantFrom('appkey', 'appsecret', 'environment', 'baseUrl'),
		fc.constantFrom('', ' ', 'ftp://x', 'http://x', 7),
	],
	(appkey, appsecret, field, value) => {
		const refused = parseCredential({ appkey, appsecret, environment: 'custom', [field]: value });
		if (!(refused instanceof InvalidInput)) return;
		for (const said of [refused.why, refused.todo]) {
			expect(said).not.toContain(appkey);
			expect(said).not.toContain(appsecret);
		}
	},
);

const anyOption = fc.oneof(fc.double(), fc.integer(), fc.integer().map(String), fc.jsonValue());

property(
	'options of any JSON are within their bounds or unusable',
	[
		fc.record(
			{
				alreadyInvalid: fc.oneof(fc.constantFrom('succeed', 'fail'), anyOption),
				askBeforeUnknown: fc.oneof(fc.boolean(), anyOption),
				includeDetails: fc.oneof(fc.boolean(), anyOption),
				maxRetries: fc.oneof(fc.integer({ min: -1, max: 11 }), anyOption),
				timeout: fc.oneof(fc.integer({ min: 0, max: 4_000_000 }), anyOption),
				requestsPerSecond: fc.oneof(fc.double({ min: 0, max: 101 }), anyOption),
			},
			{ requiredKeys: [] },
		),
		environment,
	],
	(given, environment) => {
		const ofRate = environment === 'custom' ? 1_000_000 : 100;
		const isValid = {
			alreadyInvalid: (value: unknown) => value === 'succeed' || value === 'fail',
			askBeforeUnknown: (value: unknown) => typeof value === 'boolean',
			includeDetails: (value: unknown) => typeof value === 'boolean',
			maxRetries: (value: unknown) => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].includes(Number(value)),
			timeout: (value: unknown) => Number(value) >= 1 && Number(value) <= 3_600_000,
			requestsPerSecond: (value: unknown) => Number(value) >= 0.1 && Number(value) <= ofRate,
		} satisfies Record<keyof typeof revokeOptions, (value: unknown) => boolean>;
		for (const [name, { read }] of Object.entries<Option<unknown>>(revokeOptions)) {
			const option = name as keyof typeof isValid;
			const value = read(given[option], environment);
			expect(value instanceof InvalidInput || isValid[option](value)).toBe(true);
		}
	},
);
