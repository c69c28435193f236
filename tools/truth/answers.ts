import type { Fault } from '../sandbox/faults';
import { pick, pickByShare } from './random';

/** A number from 0 to 1 for each thing that is drawn. */
export type Random = (what: string) => number;

/** In place of KIS's answer. */
type Drawn = Pick<Fault, 'status' | 'body' | 'encoding' | 'headers'>;
type Fields = Readonly<Record<string, unknown>>;

/** Of these 4xx with a JSON object the node believes that KIS did not process the request. */
export const BELIEVED_STATUSES = [400, 401, 403, 404, 405, 411, 413, 414, 415, 422, 431] as const;
const OTHER_4XX = [402, 406, 408, 409, 410, 412, 416, 418, 421, 423, 424, 425, 426, 428, 451, 499];
const SERVER_5XX = [500, 501, 502, 503, 504, 507, 511, 520, 522, 524, 529, 599];
const OTHER_2XX = [201, 202, 203, 204, 206, 207, 226, 299];

const PAGES = ['', '<html><body>Bad Gateway</body></html>', 'upstream request timeout'];
const NO_OBJECTS = [...PAGES, '[]', '[{"code":200}]', 'null', '200', '"OK"', '{"code":200'];
const MESSAGES = [
	'Hello from Lambda!',
	'token not found',
	'queued',
	'ERROR : 처리 중 오류가 발생했습니다.',
	'접근토큰 폐기에 성공하였습니다.',
];
/** Looks like a code, and is none of KIS's list. */
const CODE_LIKE = [
	'HTTP504',
	'GW504',
	'UPSTREAM502',
	'E500',
	'ERR_UPSTREAM',
	'OPSQ0002',
	'50400001',
	'EGW09999',
	'EGW00777',
	'IGW00777',
];
const GATEWAY_CODES = ['EGW00121', 'EGW00105', 'EGW09999', 'IGW00002', 'IGW00777'];

const SUCCESS = { code: 200, message: '접근토큰 폐기에 성공하였습니다.' };
/** "유효하지 않은 token 입니다." and the success text, as a server writes them that knows EUC-KR only. */
const INVALID_IN_EUC_KR = '\xc0\xaf\xc8\xbf\xc7\xcf\xc1\xf6 \xbe\xca\xc0\xba token';
const SUCCESS_IN_EUC_KR = '\xc6\xf3\xb1\xe2\xbf\xa1 \xbc\xba\xb0\xf8';

/** Where nothing in an answer confirms, though its HTTP status is 2xx: the request may have been processed or not. */
const UNCONFIRMED = {
	otherStatus: (random) => json(pick(OTHER_2XX, random('status')), SUCCESS),
	noCode: (random) => json(200, codeless(random)),
	sign: (random) => {
		const code = pick([200, 200, '200', undefined], random('code'));
		const message = pick(MESSAGES, random('message'));
		return json(200, { ...(code !== undefined && { code }), message, ...sign(random) });
	},
	/** A relay's own success, around what KIS said. */
	wrapped: (random) => {
		const said = pick([sign, withSomeCode], random('said'))(random);
		const inside = pick([said, [said], { response: said }], random('inside'));
		return json(200, { ...SUCCESS, [pick(['data', 'output', 'x'], random('name'))]: inside });
	},
	otherCode: (random) => {
		const code = pick(NO_SUCCESS_CODES, random('code'));
		return json(200, { code, message: pick(MESSAGES, random('message')) });
	},
	noObject: (random) => raw(200, pick(NO_OBJECTS, random('body'))),
	unlistedCode: (random) => json(200, withCode(pick(CODE_LIKE, random('code')), random)),
	notUtf8: () => ({
		...raw(200, `{"code":200,"message":"${SUCCESS_IN_EUC_KR}"}`),
		encoding: 'latin1',
	}),
} satisfies Record<string, (random: Random) => Drawn>;
const UNCONFIRMED_SHARES: Readonly<Record<keyof typeof UNCONFIRMED, number>> = {
	otherStatus: 0.1,
	noCode: 0.1,
	sign: 0.4,
	wrapped: 0.1,
	otherCode: 0.1,
	noObject: 0.05,
	unlistedCode: 0.1,
	notUtf8: 0.05,
};
/** Neither success nor one of {@link BELIEVED_STATUSES}. */
const NO_SUCCESS_CODES = [0, 201, 202, 408, 409, 500, 502, 'OK', 'S000', '0000', true, null, [200]];

/** What a relay says in KIS's place, which says nothing of what KIS did. */
const RELAYED = {
	serverError: (random) => {
		const status = pick(SERVER_5XX, random('status'));
		const headers = status === 503 ? waitABit(random) : {};
		return { ...relayed(status, random), headers };
	},
	other4xx: (random) => relayed(pick(OTHER_4XX, random('status')), random),
	noObject: (random) =>
		raw(pick(BELIEVED_STATUSES, random('status')), pick(NO_OBJECTS, random('body'))),
	/** The body says 200, the status does not. */
	contradiction: (random) =>
		json(pick(BELIEVED_STATUSES, random('status')), {
			...SUCCESS,
			code: pick([200, '200'], random('code')),
		}),
} satisfies Record<string, (random: Random) => Drawn>;

/** Answers that are given only if the request was not processed, and are therefore believed. */
const REFUSALS = {
	clientError: (random) => {
		const status = pick(BELIEVED_STATUSES, random('status'));
		return json(
			status,
			pick([codeless, withSomeCode, () => ({ code: status })], random('body'))(random),
		);
	},
	codeInBody: (random) => {
		const status = pick(BELIEVED_STATUSES, random('status'));
		const code = pick([status, String(status)], random('code'));
		return json(200, { code, message: pick(MESSAGES, random('message')) });
	},
	tooMany: (random) => ({ ...relayed(429, random), headers: waitABit(random) }),
	notUtf8: (random) => {
		const code = pick(['EGW00101', 'EGW00132'], random('code'));
		const status = pick([200, 403, 500], random('status'));
		return {
			...raw(status, `{"error_code":"${code}","error_description":"${INVALID_IN_EUC_KR}"}`),
			encoding: 'latin1',
		};
	},
} satisfies Record<string, (random: Random) => Drawn>;

const SHARES = { unconfirmed: 0.45, relayed: 0.3, refusal: 0.25 } as const;
/** It lets all on the app key wait: drawn rarely. */
const TOO_MANY_SHARE = 0.1;

/** An answer that KIS never gave as far as anybody saw, but a relay or a KIS of tomorrow may. */
export function drawAnswer(random: Random): Fault {
	switch (pickByShare(SHARES, random('answer'))) {
		case 'unconfirmed': {
			const kind = pickByShare(UNCONFIRMED_SHARES, random('unconfirmed'));
			// Only what was done is confirmed, be it in letters that cannot be read.
			const processed = kind === 'notUtf8' || random('processed') < 0.5;
			return { kind: 'raw', ...UNCONFIRMED[kind](random), processed };
		}
		case 'relayed':
			return {
				kind: 'raw',
				...RELAYED[pickKey(RELAYED, random('relayed'))](random),
				processed: random('processed') < 0.5,
			};
		case 'refusal': {
			const { tooMany, ...others } = REFUSALS;
			const drawn =
				random('many') < TOO_MANY_SHARE
					? tooMany(random)
					: others[pickKey(others, random('refusal'))](random);
			return { kind: 'raw', ...drawn };
		}
	}
}

/** What a broken relay, or a KIS at its limit, says to everyone for a long time. */
export function drawStanding(random: Random, isRate: boolean): Fault {
	const refusals: readonly Fault[] = [
		{ kind: 'refuse', code: 'EGW00201', status: 500 },
		{ kind: 'raw', ...relayed(429, random) },
	];
	const others: readonly Fault[] = [
		{ kind: 'raw', ...relayed(pick(SERVER_5XX, random('status')), random) },
		{ kind: 'raw', ...UNCONFIRMED.noCode(random) },
		{ kind: 'raw', ...UNCONFIRMED.noObject(random) },
		{ kind: 'raw', ...RELAYED.other4xx(random) },
	];
	return pick(isRate ? refusals : others, random('standing'));
}

/** Asks for more patience than anyone has. */
export function drawLongWait(random: Random): Fault {
	const seconds = pick([65, 120, 3600, 86_400 * 30], random('seconds'));
	const headers = { 'retry-after': waitOf(seconds, random) };
	return { kind: 'raw', ...relayed(pick([429, 503], random('status')), random), headers };
}

function waitABit(random: Random): Record<string, string> {
	const wait = waitOf(pick([1, 2, 3], random('seconds')), random);
	const text = pick([null, null, 'soon', wait, wait, wait], random('wait'));
	return text === null ? {} : { 'retry-after': text };
}

/** In seconds or as a date. */
function waitOf(seconds: number, random: Random): string {
	return random('asDate') < 0.5
		? String(seconds)
		: new Date(Date.now() + seconds * 1000).toUTCString();
}

/** With anything in the body, a code of KIS's list excepted. */
function relayed(status: number, random: Random): Drawn {
	if (random('page') < 0.3) return raw(status, pick(PAGES, random('body')));
	const code = pick([200, status, '408', 403], random('code'));
	return json(status, pick([codeless, withSomeCode, () => ({ code })], random('body'))(random));
}

function codeless(random: Random): Fields {
	const message = pick(MESSAGES, random('message'));
	const shapes: readonly Fields[] = [
		{ message },
		{},
		{ rt_cd: '0', msg_cd: 'MCA00000', msg1: message },
		{ msg1: message },
		{ result: 'ok', data: { code: 200 } },
		{ success: false, message },
	];
	return pick(shapes, random('shape'));
}

function withSomeCode(random: Random): Fields {
	return withCode(pick(CODE_LIKE, random('some')), random);
}

function withCode(code: string, random: Random): Fields {
	const message = pick(MESSAGES, random('message'));
	const shapes: readonly Fields[] = [
		{ error_code: code, error_description: message },
		{ rt_cd: '1', msg_cd: code, msg1: message },
		{ error_code: code },
	];
	return pick(shapes, random('shape'));
}

/** What speaks against a success. */
function sign(random: Random): Fields {
	const content = pick<unknown>(['no', 7, true, ['no'], { message: 'no' }], random('content'));
	const gateway = pick(GATEWAY_CODES, random('gateway'));
	const returned = () => ({ rt_cd: pick(['1', 1, '7', '-1'], random('return')) });
	const signs: ReadonlyArray<() => Fields> = [
		returned,
		() => ({ [pick(ERROR_FIELDS, random('field'))]: content }),
		() => ({ error_code: pick(CODE_LIKE, random('like')) }),
		() => ({ success: pick([false, 'false'], random('success')) }),
		() => ({ [pick(['status', 'result'], random('of'))]: pick(NO_SUCCESS, random('status')) }),
		returned,
		() => ({ [pick(['result', 'resultCode', 'reason', 'errorCode'], random('field'))]: gateway }),
	];
	return pick(signs, random('sign'))();
}
const NO_SUCCESS = ['error', 'ERROR', 'fail', 'failed', 'failure', 'rejected', 'pending', false];
const ERROR_FIELDS = ['error', 'errors', 'errorCode', 'error_message', 'ErrorMsg', 'ERROR_DETAIL'];

function json(status: number, fields: Fields): Drawn {
	return raw(status, JSON.stringify(fields));
}

function raw(status: number, body: string): Drawn {
	return { status, body };
}

function pickKey<T extends object>(table: T, random: number): keyof T {
	return pick(Object.keys(table) as Array<keyof T>, random);
}
