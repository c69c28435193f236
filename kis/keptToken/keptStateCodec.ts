import type { KisCredential } from '../input/credential';
import { readJsonObject } from '../input/json';
import { readGiven, type Grant } from '../issue/grant';
import { SAME_TOKEN_MS, type Flaw, type NotIssued } from '../issue/issuance';
import type { AnswerRule } from '../reply/answerRule';
import type { Attempt, Verdict } from '../reply/attempt';
import { KIS_CODES } from '../reply/errorCodes';
import { OPEN_ANSWERS, REFUSING_STATUSES } from '../reply/httpAnswers';
import { unlessTolerated } from '../reply/serverClock';
import type { IssueHold } from './issueHold';
import type { KeptState } from './keptState';

/** Encodes a state for another worker. @param now By this computer's clock, like all moments in the state. */
export function encodeState(state: KeptState, now: number): string {
	const { grant, hold } = state;
	return JSON.stringify({
		...state,
		now,
		grant: grant && encodeGrant(grant),
		hold: hold && { ...hold, issuance: encodeIssuance(hold.issuance) },
	});
}

/**
 * Decodes what another worker wrote. Moves its moments to this computer's clock.
 *
 * @param writtenAt When it was written, by this computer's clock.
 * @returns `null` if it is no state, or another version's of this package.
 */
export function decodeState(
	text: string,
	credential: KisCredential,
	writtenAt: number,
): KeptState | null {
	try {
		const fields = objectOf(readJsonObject(text));
		const shift = writtenAt - timeOf(fields.now);
		const at = (field: unknown) => (field === null ? Infinity : timeOf(field) + shift);
		return {
			grant: nullOr(fields.grant, (it) => decodeGrant(it, credential, shift)),
			givenAt: at(fields.givenAt),
			renewAt: at(fields.renewAt),
			checkAt: at(fields.checkAt),
			hold: nullOr(fields.hold, (it) => decodeHold(it, credential, shift)),
			changedAt: at(fields.changedAt),
		};
	} catch {
		return null;
	}
}

const RULES: Readonly<Record<string, AnswerRule>> = {
	...KIS_CODES,
	...REFUSING_STATUSES,
	...OPEN_ANSWERS,
};
const VERDICTS: Readonly<Record<Verdict, true>> = {
	confirmed: true,
	unprovenConfirmation: true,
	refused: true,
	invalidToken: true,
	expiredToken: true,
	noVerdict: true,
	unwritten: true,
};
const FLAWS: Readonly<Record<Flaw, true>> = {
	cutOff: true,
	dead: true,
	expired: true,
	otherAppKey: true,
};
const NOT_ISSUED: Readonly<Record<NotIssued['outcome'], true>> = {
	rejected: true,
	unknown: true,
	notSent: true,
};
/** No real moment is later. */
const MAX_TIME_MS = Date.UTC(9999, 0);
/** Far more than is ever shown of a server's text. */
const MAX_TEXT_LENGTH = 10_000;

function encodeGrant({ token, expiresAt, isOver, clockAheadMs }: Grant): object {
	return { value: token.value, expiresAt, isOver, clockAheadMs };
}

/** Makes the checks of a token that KIS gives. Those before its use are made with each use. */
function decodeGrant(field: unknown, { appsecret }: KisCredential, shift: number): Grant {
	const { value, expiresAt, isOver, clockAheadMs } = objectOf(field);
	const token = readGiven(value, appsecret);
	if (!token || token.value !== value || typeof isOver !== 'boolean') throw new Error('no grant');
	return {
		token,
		expiresAt: nullOr(expiresAt, timeOf),
		isOver,
		clockAheadMs: unlessTolerated(numberOf(clockAheadMs) - shift),
		fields: { access_token: token.value },
	};
}

function decodeHold(field: unknown, credential: KisCredential, shift: number): IssueHold {
	const { since, until, issuance } = objectOf(field);
	const lasts = timeOf(until) - timeOf(since);
	if (lasts < 0 || lasts > SAME_TOKEN_MS) throw new Error('no hold');
	return {
		since: timeOf(since) + shift,
		until: timeOf(until) + shift,
		issuance: decodeIssuance(issuance, credential, shift),
	};
}

function encodeIssuance(issuance: IssueHold['issuance']): object {
	if (issuance.outcome === 'unusable') {
		const { outcome, flaw, grant } = issuance;
		return { outcome, flaw, grant: encodeGrant(grant) };
	}
	const { outcome, decisive } = issuance;
	return { outcome, decisive: decisive && encodeAttempt(decisive) };
}

function decodeIssuance(
	field: unknown,
	credential: KisCredential,
	shift: number,
): IssueHold['issuance'] {
	const { outcome, flaw, grant, decisive: attempt } = objectOf(field);
	if (outcome === 'unusable') {
		return {
			outcome,
			flaw: keyOf(FLAWS, flaw),
			grant: decodeGrant(grant, credential, shift),
			attempts: [],
		};
	}
	const decisive = nullOr(attempt, decodeAttempt);
	return {
		outcome: keyOf(NOT_ISSUED, outcome),
		decisive,
		attempts: decisive ? [decisive] : [],
	};
}

function encodeAttempt(attempt: Attempt): object {
	const { verdict, httpStatus, refusalCode, code, text, transportCode } = attempt;
	const [rule = null] = Object.keys(RULES).filter((name) => RULES[name] === attempt.rule);
	return { verdict, httpStatus, refusalCode, code, text, transportCode, rule };
}

function decodeAttempt(field: unknown): Attempt {
	const { verdict, httpStatus, refusalCode, code, text, transportCode, rule } = objectOf(field);
	return {
		verdict: keyOf(VERDICTS, verdict),
		httpStatus: nullOr(httpStatus, numberOf),
		rule: nullOr(rule, (name) => RULES[keyOf(RULES, name)]),
		refusalCode: nullOr(refusalCode, textOf),
		code: nullOr(code, textOf),
		text: nullOr(text, textOf),
		transportCode: nullOr(transportCode, textOf),
		pause: null,
		clockAheadMs: 0,
	};
}

function nullOr<T>(field: unknown, decode: (field: unknown) => T): T | null {
	return field === null ? null : decode(field);
}

/** Anything but an object yields no fields, and each field is checked where it is read. */
function objectOf(field: unknown): Record<string, unknown> {
	return Object(field) as Record<string, unknown>;
}

function numberOf(field: unknown): number {
	if (typeof field !== 'number' || !Number.isFinite(field)) throw new Error('no number');
	return field;
}

function timeOf(field: unknown): number {
	const time = numberOf(field);
	if (time < 0 || time > MAX_TIME_MS) throw new Error('no time');
	return time;
}

function textOf(field: unknown): string {
	if (typeof field !== 'string' || field.length > MAX_TEXT_LENGTH) throw new Error('no text');
	return field;
}

function keyOf<K extends string>(table: Readonly<Record<K, unknown>>, field: unknown): K {
	if (!isKeyOf(table, field)) throw new Error('not in the table');
	return field;
}

function isKeyOf<K extends string>(
	table: Readonly<Record<K, unknown>>,
	field: unknown,
): field is K {
	return typeof field === 'string' && Object.hasOwn(table, field);
}
