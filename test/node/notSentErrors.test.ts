// What a request says that gets no token: the reasons that take another worker, or a revoke, to come about.
import { noTokenError } from '../../credentials/notSentErrors';
import type { NoToken } from '../../kis/keptToken/nextStep';
import { makeKeyPair, makeToken, read } from '../support/tokens';

const token = read(makeToken(makeKeyPair().appkey));
const NAME = token.fingerprint.slice(0, 12);
const NOT_ISSUED = { attempts: [], decisive: null } as const;
const grant = { token, expiresAt: null, fields: {}, isOver: false, clockAheadMs: 0 };

test.each<[string, NoToken, string, RegExp]>([
	[
		'another worker is asking KIS, and has no answer yet',
		{ because: 'requestedElsewhere' },
		'another n8n worker has asked KIS for an access token, and has no answer yet',
		/^Run again in a moment\.$/,
	],
	[
		'an order has waited as long as it may',
		{ because: 'tookTooLong' },
		'no access token was available within 10 s, and only a GET waits longer',
		/^Run again in a moment\.$/,
	],
	[
		'another worker has ended since it asked KIS',
		{ because: 'notIssued', issuance: { outcome: 'unknown', ...NOT_ISSUED }, until: Date.now() },
		'an access token may have been issued, and did not arrive: the n8n worker that asked KIS for it has ended',
		/^Run again in a minute: KIS then gives the same one\.$/,
	],
	[
		'no worker has asked KIS',
		{ because: 'notIssued', issuance: { outcome: 'notSent', ...NOT_ISSUED }, until: null },
		'no access token was requested',
		/^Issue in KIS Token asks KIS right away/,
	],
	[
		'KIS gave a dead token, and the next request may ask for another',
		{
			because: 'notIssued',
			issuance: { outcome: 'unusable', grant, flaw: 'dead', attempts: [] },
			until: null,
		},
		`KIS gave access token ${NAME}, which is dead`,
		/^It was revoked here, or KIS called it invalid\..* Issue in KIS Token asks KIS right away/,
	],
	[
		'KIS gave a token that is over, by its own clock or in its own words',
		{
			because: 'notIssued',
			issuance: {
				outcome: 'unusable',
				grant: { ...grant, isOver: true, clockAheadMs: 7_200_000 },
				flaw: 'expired',
				attempts: [],
			},
			until: null,
		},
		`KIS gave access token ${NAME}, which has expired`,
		/^Check this computer's clock; if it is right, run again later\. Issue in KIS Token asks KIS right away/,
	],
	[
		'the token is being revoked',
		{ because: 'beingRevoked' },
		'the access token of the KIS API credential is being revoked at this moment',
		/^Run again when KIS Token is done\./,
	],
	[
		'a revoke was not confirmed',
		{ because: 'unsettled', token, checked: false },
		`a revoke of access token ${NAME} was not confirmed`,
		/^Revoke the token again in KIS Token/,
	],
	[
		'a revoke was not confirmed, and KIS does not say whether the token is alive',
		{ because: 'unsettled', token, checked: true },
		`a revoke of access token ${NAME} was not confirmed, and KIS has not said since whether it is alive`,
		/^Revoke the token again in KIS Token/,
	],
])('%s', (_name, noToken, message, description) => {
	const refusal = noTokenError(noToken);
	expect(refusal.message).toBe(`The request was not sent: ${message}`);
	expect(refusal.description).toMatch(description);
});
