import type { AnswerRule } from '../reply/answerRule';
import type { Attempt, Verdict } from '../reply/attempt';
import type { KisCredential } from '../input/credential';
import { KIS_CODES } from '../reply/errorCodes';
import { OPEN_ANSWERS, REFUSING_STATUSES } from '../reply/httpAnswers';
import { CLOCK_TOLERANCE_MS, readGiven, type Grant } from '../issue/grant';
import { SAME_TOKEN_MS, type Flaw, type NotIssued, type UnusableGrant } from '../issue/issuance';
import { readJsonObject } from '../input/json';

/**
 * Why no token is issued for a while: KIS goes on giving one that is dead, its minute is not over, a lost answer may have
 * brought one, or the answer was of no use and the next one might be.
 */
export interface Obstacle {
	/** When it was met, in milliseconds since 1970. */
	readonly since: number;
	/** Likewise. */
	readonly until: number;
	readonly issuance: UnusableGrant | NotIssued;
}

/** The token of one key pair at one host, and what was learnt of issuing it. Moments are milliseconds since 1970. */
export interface KeptState {
	/** `null` if KIS gave nothing yet. */
	readonly grant: Grant | null;
	readonly givenAt: number;
	readonly renewAt: number;
	readonly askAt: number;
	readonly obstacle: Obstacle | null;
	readonly changedAt: number;
}

export const NOTHING_KEPT: KeptState = {
	grant: null,
	givenAt: 0,
	renewAt: Infinity,
	askAt: Infinity,
	obstacle: null,
	changedAt: 0,
};

/** Writes a state for another worker. @param now By this computer's clock, as all moments in it. */
export function writeState(state: KeptState, now: number): string {
	const { grant, obstacle } = state;
	return JSON.stringify({
		...state,
		now,
		grant: grant && writeGrant(grant),
		obstacle: obstacle && { ...obstacle, issuance: writeIssuance(obstacle.issuance) },
	});
}

/**
 * Reads what another worker has written, on this computer's clock.
 *
 * @param writtenAt When that was, by this computer's clock.
 * @returns `null` for what is no state, or one of another version of this package.
 */
export function readState(
	text: string,
	credential: KisCredential,
	writtenAt: number,
): KeptState | null {
	try {
		const fields = objectOf(readJsonObject(text));
		const shift = writtenAt - timeOf(fields.now);
		const at = (field: unknown) => (field === null ? Infinity : timeOf(field) + shift);
		return {
			grant: nullOr(fields.grant, (it) => readGrant(it, credential, shift)),
			givenAt: at(fields.givenAt),
			renewAt: at(fields.renewAt),
			askAt: at(fields.askAt),
			obstacle: nullOr(fields.obstacle, (it) => readObstacle(it, credential, shift)),
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
/** A later time is none that anyone means. */
const MAX_TIME_MS = Date.UTC(9999, 0);
/** Far more than a server's words that are shown. */
const MAX_TEXT_LENGTH = 10_000;

function writeGrant({ token, expiresAt, isOver, clockAheadMs }: Grant): object {
	return { value: token.value, expiresAt, isOver, clockAheadMs };
}

/** It passes the checks of a token that KIS gives; those of its use come with each use. */
function readGrant(field: unknown, { appsecret }: KisCredential, shift: number): Grant {
	const { value, expiresAt, isOver, clockAheadMs } = objectOf(field);
	const token = readGiven(value, appsecret);
	if (token?.value !== value || !token || typeof isOver !== 'boolean') throw new Error('no grant');
	const ahead = numberOf(clockAheadMs) - shift;
	return {
		token,
		expiresAt: nullOr(expiresAt, timeOf),
		isOver,
		clockAheadMs: Math.abs(ahead) > CLOCK_TOLERANCE_MS ? ahead : 0,
		fields: { access_token: token.value },
	};
}

function readObstacle(field: unknown, credential: KisCredential, shift: number): Obstacle {
	const { since, until, issuance } = objectOf(field);
	const lasts = timeOf(until) - timeOf(since);
	if (lasts < 0 || lasts > SAME_TOKEN_MS) throw new Error('no obstacle');
	return {
		since: timeOf(since) + shift,
		until: timeOf(until) + shift,
		issuance: readIssuance(issuance, credential, shift),
	};
}

function writeIssuance(issuance: Obstacle['issuance']): object {
	if (issuance.outcome === 'unusable') {
		const { outcome, flaw, grant } = issuance;
		return { outcome, flaw, grant: writeGrant(grant) };
	}
	const { outcome, decisive } = issuance;
	return { outcome, decisive: decisive && writeAttempt(decisive) };
}

function readIssuance(
	field: unknown,
	credential: KisCredential,
	shift: number,
): Obstacle['issuance'] {
	const { outcome, flaw, grant, decisive: attempt } = objectOf(field);
	if (outcome === 'unusable') {
		return {
			outcome,
			flaw: keyOf(FLAWS, flaw),
			grant: readGrant(grant, credential, shift),
			attempts: [],
		};
	}
	const decisive = nullOr(attempt, readAttempt);
	return {
		outcome: keyOf(NOT_ISSUED, outcome),
		decisive,
		attempts: decisive ? [decisive] : [],
	};
}

function writeAttempt(attempt: Attempt): object {
	const { verdict, httpStatus, refusalCode, code, text, transportCode } = attempt;
	const [rule = null] = Object.keys(RULES).filter((name) => RULES[name] === attempt.rule);
	return { verdict, httpStatus, refusalCode, code, text, transportCode, rule };
}

function readAttempt(field: unknown): Attempt {
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
	};
}

function nullOr<T>(field: unknown, read: (field: unknown) => T): T | null {
	return field === null ? null : read(field);
}

function objectOf(field: unknown): Record<string, unknown> {
	if (typeof field !== 'object' || field === null || Array.isArray(field))
		throw new Error('no object');
	return field as Record<string, unknown>;
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
	if (typeof field !== 'string' || !Object.hasOwn(table, field))
		throw new Error('not in the table');
	return field as K;
}
