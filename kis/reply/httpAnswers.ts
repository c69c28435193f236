import type { AnswerRule } from './answerRule';

const CHECK_ADDRESS =
	'Check the Base URL of the KIS API credential and the relay or proxy in between. If KIS is called directly, see whether it announced maintenance (점검).';
export const SLOW_DOWN_TO_SHARE =
	"Set Requests per Second to this workflow's share, or Max Retries higher, and run again.";
const FILTER_CAVEAT =
	'A filter on the way back can answer so too, after KIS has processed the request: if there is one, see what it filters.';

/**
 * The HTTP statuses that refuse a request before it is processed. They count if no listed code of KIS decides and the
 * body is a JSON object. Any other 4xx may come from a relay that had already passed the request on.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5
 * @see https://www.rfc-editor.org/rfc/rfc6585 for 429 and 431
 */
export const REFUSING_STATUSES = {
	400: {
		meaning: 'refused',
		happened: 'the server calls the request malformed',
		todo: `Nothing of a malformed request is processed. ${FILTER_CAVEAT} ${CHECK_ADDRESS}`,
	},
	401: {
		meaning: 'refused',
		happened: 'the server asks for a login first',
		todo: `KIS asks for none here, so a relay or proxy in between does, and it did not let the request through. ${CHECK_ADDRESS}`,
	},
	403: {
		meaning: 'refused',
		happened: 'the server does not allow the request',
		todo: `KIS would give a code with it. ${FILTER_CAVEAT} ${CHECK_ADDRESS}`,
	},
	404: {
		meaning: 'refused',
		happened: 'the server has nothing at this address',
		todo: `Nothing is there that could have processed the request. ${CHECK_ADDRESS}`,
	},
	405: {
		meaning: 'refused',
		happened: 'the server does not allow the method of the request at this address',
		todo: `A request whose method is not allowed is not processed. ${CHECK_ADDRESS}`,
	},
	411: {
		meaning: 'refused',
		happened: 'the server asks for the length of the request',
		todo: `A request whose length is missing is not read. ${CHECK_ADDRESS}`,
	},
	413: {
		meaning: 'refused',
		happened: 'the server finds the request too large',
		todo: `A request that is too large is not read to its end. ${CHECK_ADDRESS}`,
	},
	414: {
		meaning: 'refused',
		happened: 'the server finds the address too long',
		todo: `A request whose address is too long is not read to its end. ${CHECK_ADDRESS}`,
	},
	415: {
		meaning: 'refused',
		happened: 'the server does not support the media type of the request',
		todo: `A request whose media type is not supported is not processed. ${CHECK_ADDRESS}`,
	},
	422: {
		meaning: 'refused',
		happened: 'the server cannot process what the request holds',
		todo: `It says itself that it did not process the request. ${CHECK_ADDRESS}`,
	},
	429: {
		meaning: 'refused',
		retry: { afterMs: 1000, slowsEveryone: true },
		happened: 'the server has had too many requests',
		todo: '',
		optionsTodo: SLOW_DOWN_TO_SHARE,
	},
	431: {
		meaning: 'refused',
		happened: 'the server finds the headers of the request too large',
		todo: `A request whose headers are too large is not read to its end. ${CHECK_ADDRESS}`,
	},
} as const satisfies Record<number, AnswerRule>;

export const TOO_MANY_REQUESTS = 429;

/**
 * Looks up the rule of a status.
 *
 * @param status A number, or its three digits as text.
 * @returns `null` if the status does not refuse.
 */
export function refusingStatus(status: number | string): AnswerRule | null {
	const rows: Readonly<Record<string, AnswerRule>> = REFUSING_STATUSES;
	return Object.hasOwn(rows, status) ? rows[status] : null;
}

/** Answers that leave open whether the request was processed. */
export const OPEN_ANSWERS = {
	unreadable: {
		meaning: 'noVerdict',
		retry: {},
		happened: 'what the server answered cannot be read as an answer of KIS',
		todo: CHECK_ADDRESS,
	},
	/** HTTP 5xx, and any status that is in no table. */
	otherStatus: {
		meaning: 'noVerdict',
		retry: {},
		happened:
			'the server answered with a status that does not tell whether the request was processed',
		todo: CHECK_ADDRESS,
	},
	contradiction: {
		meaning: 'noVerdict',
		retry: {},
		happened: 'the answer contradicts itself',
		todo: CHECK_ADDRESS,
	},
	/** HTTP 200 with a sign of refusal, or with an unknown code. */
	neither: {
		meaning: 'noVerdict',
		retry: {},
		happened: 'the answer is neither a success nor a known refusal of KIS',
		todo: CHECK_ADDRESS,
	},
	/** KIS's page calls `code` optional, but every success seen so far has it. */
	withoutCode: {
		meaning: 'noVerdict',
		retry: {},
		happened: 'the answer lacks the code 200, by which KIS confirms',
		todo: 'If KIS itself answered so, run `npm run live-check` (in the repository of this node, with a paper account) and report what it prints. Otherwise check the Base URL of the KIS API credential and the relay or proxy in between.',
	},
	withoutKey: {
		meaning: 'noVerdict',
		happened: 'the answer holds no approval_key',
		todo: CHECK_ADDRESS,
	},
	withoutQuote: {
		meaning: 'noVerdict',
		retry: {},
		happened: 'the answer is not a quote',
		todo: CHECK_ADDRESS,
	},
	withoutToken: {
		meaning: 'noVerdict',
		retry: {},
		happened: 'the answer holds nothing that can be an access token',
		todo: CHECK_ADDRESS,
	},
} as const satisfies Record<string, AnswerRule>;
