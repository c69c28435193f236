import type { Candidate } from './candidate';
import { httpRequest } from './httpRequest';
import { kisToken } from './kisToken';
import { bareUndici, plainLoop } from './loops';
import { quotes } from './quotes';
import { prepareQuotes, quotesInTurn } from './quotesInTurn';

/** Ways to revoke tokens, as a user would choose between them; the last is what this node is built on, alone. */
export const CANDIDATES = {
	kisToken,
	httpRequest: httpRequest('HTTP Request'),
	httpRequestBatched: httpRequest('HTTP Request, batched 18 per second', {
		batchSize: 18,
		batchInterval: 1000,
	}),
	httpRequestTuned: httpRequest('HTTP Request, tuned to 1 per 56 ms', {
		batchSize: 1,
		batchInterval: 56,
	}),
	plainLoop,
	bareUndici,
} as const satisfies Record<string, Candidate>;

/** They revoke nothing: they ask for as many quotes as there are tokens. */
export const QUOTE_CANDIDATES = {
	quotes: quotes('HTTP Request with the credential'),
	quotesUnpaced: quotes('HTTP Request with the credential, Pace Requests off', {
		paceRequests: false,
	}),
	quotesBare: quotesInTurn('all fixed in the workflow, no credential', 'workflow'),
	quotesOwnToken: quotesInTurn(
		'key pair by the credential, `authorization` fixed in the workflow',
		'keyPairByCredential',
	),
	quotesKeptToken: quotesInTurn('all by the credential, which keeps the token', 'credential'),
} as const satisfies Record<string, Candidate>;

export const ALL_CANDIDATES = { ...CANDIDATES, ...QUOTE_CANDIDATES, prepareQuotes };

export type CandidateName = keyof typeof ALL_CANDIDATES;
