// What a request says that gets no token because of another worker.
import { noTokenError } from '../../credentials/notSentErrors';
import type { NoToken } from '../../kis/keptToken/nextStep';

test.each<[string, NoToken, string]>([
	[
		'is asking KIS, and has no answer yet',
		{ because: 'requestedElsewhere' },
		'another n8n worker has asked KIS for an access token, and has no answer yet',
	],
	[
		'has ended since it asked KIS',
		{
			because: 'notIssued',
			issuance: { outcome: 'unknown', attempts: [], decisive: null },
			until: Date.now(),
		},
		'an access token may have been issued, and did not arrive: the n8n worker that asked KIS for it has ended',
	],
])('another worker %s', (_name, noToken, message) => {
	const refusal = noTokenError(noToken);
	expect(refusal.message).toBe(`The request was not sent: ${message}`);
	expect(refusal.description).toMatch(/^Run again in a m/);
});
