// What is tried: any course of a revoke whose answers echo the app key, the app secret, the token or its app key in any
// field and encoding, up to the items and the error that n8n stores.
import fc from 'fast-check';
import type { INode } from 'n8n-workflow';

import type { AccessToken } from '../../kis/input/accessToken';
import type { KisCredential } from '../../kis/input/credential';
import type { Exchange } from '../../kis/http/exchange';
import { decisiveAmong, REVOKE_OUTCOMES, outcomeOf } from '../../kis/reply/revokeOutcome';
import { parseExchange } from '../../kis/reply/reply';
import { readRevocation } from '../../kis/revoke/revocation';
import type { Revocation } from '../../kis/revoke/revocation';
import { SecretGuard } from '../../kis/secrets/secretGuard';
import type { RevokeNodeOptions } from '../../nodes/KisToken/operations/revoke/options';
import { reportRevocation } from '../../nodes/KisToken/operations/revoke/revocationReport';
import { runError } from '../../nodes/KisToken/report/runError';
import { toItem } from '../../nodes/KisToken/report/outputItem';
import { leakOf, longText, partOf, secret, tokenOf } from '../support/arbitraries';
import { leaks } from '../support/encodings';
import { property } from '../support/properties';
import { bodyWith, contentEncoding, replyBody, status } from '../support/replies';
import { credentialFor, read } from '../support/tokens';

interface Case {
	readonly token: AccessToken;
	readonly credential: KisCredential;
	readonly secrets: readonly string[];
	readonly revocation: Revocation;
}

const transportCode = fc.constantFrom(
	'ECONNRESET',
	'ECONNREFUSED',
	'ABORT_ERR',
	'EGRESS_REFUSED',
	'X',
);

function exchangeWith(leak: fc.Arbitrary<string>): fc.Arbitrary<Exchange> {
	const echoing = bodyWith(leak).map((body) => new Uint8Array(Buffer.from(JSON.stringify(body))));
	return fc.oneof(
		fc.record({
			kind: fc.constant('answered' as const),
			httpStatus: status,
			contentEncoding: fc.oneof(fc.constant(null), contentEncoding),
			retryAfter: fc.constantFrom(null, '1', '9999', 'soon'),
			date: fc.constant(null),
			body: fc.oneof({ arbitrary: echoing, weight: 3 }, replyBody),
		}),
		fc.record({
			kind: fc.constant('unanswered' as const),
			transportCode,
			httpStatus: fc.option(status),
			onStaleConnection: fc.boolean(),
		}),
		fc.record({
			kind: fc.constant('unwritten' as const),
			transportCode,
			forbidden: fc.option(leak),
		}),
	);
}

const drawnCase: fc.Arbitrary<Case> = fc
	.tuple(secret, secret, secret, longText, fc.constantFrom('opaque', 'own', 'foreign'))
	.chain(([appkey, appsecret, opaque, stranger, kind]) => {
		const owner = kind === 'own' ? appkey : stranger;
		const token = read(kind === 'opaque' ? `x${opaque}x` : tokenOf(owner));
		const secrets = [appkey, appsecret, token.value, owner];
		const leak = fc
			.constantFrom(...secrets)
			.chain((secret) => fc.oneof(leakOf(secret), partOf(secret)));
		const exchanges = fc.array(exchangeWith(leak), { maxLength: 4 });
		return fc
			.tuple(exchanges, exchanges, fc.constantFrom(null, ...REVOKE_OUTCOMES), fc.boolean())
			.map(([exchanges, others, before, settled]) => {
				const guard = new SecretGuard(secrets);
				const attempt = (exchange: Exchange) => readRevocation(parseExchange(exchange), guard);
				const attempts = exchanges.map(attempt);
				const [seen = null, asked = null] = others.map(attempt);
				const facts = { whole: kind === 'own', expired: false, knownDead: settled };
				const outcome = outcomeOf(
					attempts.map(({ verdict }) => verdict),
					facts,
					before ?? undefined,
				);
				const decisive = decisiveAmong(attempts, outcome) ?? (before && seen);
				const stoppedBy = seen && { because: 'hostUnreachable' as const, seen };
				const liveness = settled ? ('alive' as const) : ('undecided' as const);
				const question = asked && { liveness, attempt: asked, askedAt: 0 };
				const revocation = { outcome, attempts, decisive, asked: question, before, stoppedBy };
				const credential = credentialFor({ appkey, appsecret }, 'https://relay.example');
				return { token, credential, secrets, revocation };
			});
	});
const options = fc.record<Pick<RevokeNodeOptions, 'alreadyInvalid' | 'includeDetails'>>({
	alreadyInvalid: fc.constantFrom('succeed', 'fail'),
	includeDetails: fc.boolean(),
});

property(
	'an item is JSON that n8n routes by, and has no secret',
	[drawnCase, options],
	(drawn, options) => {
		const { token, revocation, credential, secrets } = drawn;
		const report = reportRevocation(token, revocation, credential, options);
		const item = toItem(report, 7);
		expect(JSON.parse(JSON.stringify(item))).toEqual(item);
		expect(item.pairedItem).toEqual({ item: 7 });
		const { details, ...said } = report.succeeded
			? item.json
			: (item.json.error as typeof item.json);
		if (report.succeeded) {
			expect(said).toEqual({
				code: expect.any(String),
				message: expect.any(String),
				outcome: expect.stringMatching(/^(revoked|alreadyInvalid)$/),
			});
			expect(['revoked', 'alreadyInvalid']).toContain(report.outcome);
		} else {
			expect(Object.keys(item.json)).toEqual(['error']);
			expect(Object.keys(said)).toEqual([
				'message',
				'description',
				'code',
				'httpStatus',
				'outcome',
			]);
		}
		expect(details === undefined).toBe(!options.includeDetails);
		const stored = [...Object.values(said), JSON.stringify(item)].join('\n');
		expect(leaks(stored, secrets)).toEqual([]);
	},
);

property(
	'the error of a run that failed has no secret, and no HTML of others',
	[drawnCase, options],
	async (drawn, options) => {
		const { token, revocation, credential, secrets } = drawn;
		const report = reportRevocation(token, revocation, credential, options);
		if (report.succeeded) return;
		const node = { name: 'KIS', parameters: { token: token.value } } as unknown as INode;
		const thrown = await runError(node, [report], {
			outcomes: REVOKE_OUTCOMES,
			shortfall: 'not confirmed',
		});
		const stored = [
			thrown.message,
			thrown.description,
			JSON.stringify(thrown),
			JSON.stringify(thrown.node),
		].join('\n');
		expect(leaks(stored, secrets)).toEqual([]);
		expect(thrown.description).toMatch(/^[^<>"']*$/);
	},
);
