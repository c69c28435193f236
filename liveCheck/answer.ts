import { KIS_CODES, type KisCode } from '../kis/errorCodes';
import { readReply } from '../kis/reply';
import type { RawAnswer } from './line';

/** What an answer of KIS says of the request. */
export type Verdict =
	/** 2xx without a refusal. */
	| 'success'
	/** The token itself is refused. */
	| 'badToken'
	/** The app key or the app secret is. */
	| 'badKey'
	/** Too many requests. */
	| 'tooMany'
	/** Another time it may pass. */
	| 'passing'
	/** Refused for another reason. */
	| 'refused'
	/** No JSON object, or one that does not say. */
	| 'unreadable';

export interface Answer {
	readonly status: number;
	readonly headers: RawAnswer['headers'];
	readonly httpVersion: string;
	/** `null` if the body is no JSON object. */
	readonly fields: Readonly<Record<string, unknown>> | null;
	/** KIS's code of a refusal. */
	readonly code: string | null;
	/** KIS's own words, as sent: not yet fit to be shown. */
	readonly text: string;
	readonly verdict: Verdict;
}

export function readAnswer({ status, headers, httpVersion, body }: RawAnswer): Answer {
	const reply = readReply(status, headers['content-encoding'] ?? null, body);
	const { fields = null, refusal = null } = reply ?? {};
	const code = refusal?.kisCode ?? null;
	const text = refusal?.text ?? [fields?.message, fields?.msg1].find(isText) ?? '';
	const isConfirmed = fields !== null && !refusal && status >= 200 && status < 300;
	const verdict = isConfirmed ? 'success' : refusal ? verdictOf(code) : 'unreadable';
	return { status, headers, httpVersion, fields, code, text, verdict };
}

const VERDICTS = {
	invalidToken: 'badToken',
	expiredToken: 'badToken',
	noVerdict: 'passing',
	refused: 'refused',
} as const satisfies Record<KisCode['meaning'], Verdict>;

function verdictOf(code: string | null): Verdict {
	const known: KisCode | undefined =
		code !== null && Object.hasOwn(KIS_CODES, code)
			? KIS_CODES[code as keyof typeof KIS_CODES]
			: undefined;
	if (!known) return 'refused';
	if (known.refusesCredential) return 'badKey';
	if (known.retry) return code === 'EGW00201' ? 'tooMany' : 'passing';
	return VERDICTS[known.meaning];
}

function isText(value: unknown): value is string {
	return typeof value === 'string';
}
