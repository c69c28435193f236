import type { AnswerRule, Meaning } from '../../kis/reply/answerRule';
import { isListed, KIS_CODES } from '../../kis/reply/errorCodes';
import { isGatewayCode, readReply } from '../../kis/reply/reply';
import { SecretGuard } from '../../kis/secrets/secretGuard';
import type { Probed, RawAnswer } from './keptConnection';
import { WITHOUT, type Held, type Need, type StepName } from './steps';

/** KIS's own texts are much shorter. */
const MAX_SHOWN_CHARACTERS = 120;

/** What an answer of KIS says of the probe. */
export type Reaction =
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

const REACTIONS = {
	invalidToken: 'badToken',
	expiredToken: 'badToken',
	noVerdict: 'passing',
	refused: 'refused',
} as const satisfies Record<Meaning, Reaction>;

export interface LiveAnswer extends RawAnswer {
	/** `null` if the body is no JSON object. */
	readonly fields: Readonly<Record<string, unknown>> | null;
	/** KIS's code of a refusal. */
	readonly code: string | null;
	/** KIS's own words, as sent: not yet fit to be shown. */
	readonly text: string;
	readonly reaction: Reaction;
}

export function readAnswer(raw: RawAnswer): LiveAnswer {
	const { status, headers, body } = raw;
	const reply = readReply({ contentEncoding: headers['content-encoding'] ?? null, body });
	const { fields = null, codes = [], hasSignOfRefusal = false } = reply ?? {};
	const code = codes.find(isGatewayCode) ?? null;
	const isConfirmed = fields !== null && status >= 200 && status < 300;
	const otherwise = isConfirmed ? 'success' : 'unreadable';
	const reaction = hasSignOfRefusal ? reactionOf(code ?? '') : otherwise;
	return { ...raw, fields, code, text: reply?.text ?? '', reaction };
}

function reactionOf(code: string): Reaction {
	if (!isListed(code)) return 'refused';
	const { refusesCredential, retry, meaning }: AnswerRule = KIS_CODES[code];
	if (refusesCredential) return 'badKey';
	if (retry) return code === 'EGW00201' ? 'tooMany' : 'passing';
	return REACTIONS[meaning];
}

/** The token that tokenP gave. */
export function tokenIn({ came }: Probed): string | null {
	const token = typeof came === 'string' ? null : readAnswer(came).fields?.access_token;
	return typeof token === 'string' && token !== '' ? token : null;
}

/** What happened. It holds secrets: only a report of it may be shown. */
export interface Observed {
	readonly held: Held;
	/** What became of each step's probes, in their order; what it could not be taken without. */
	readonly steps: Readonly<Record<StepName, readonly Probed[] | Need>>;
}

/** What was observed, in words that may be shown: whatever came from the server goes through {@link show}. */
export class Evidence {
	readonly held: Held;
	readonly #steps: Observed['steps'];
	readonly #guard: SecretGuard;

	constructor({ held, steps }: Observed) {
		this.held = held;
		this.#steps = steps;
		const { keys, other, expiredToken = '' } = held;
		const tokens = Object.values(steps).map((probed) =>
			typeof probed === 'string' ? [] : probed.map((it) => tokenIn(it) ?? ''),
		);
		const pairs = [keys, other ?? {}].flatMap((app) => Object.values<string>(app));
		this.#guard = new SecretGuard(pairs).and(expiredToken, ...tokens.flat());
	}

	/** None, if the step was not taken. */
	probed(step: StepName): readonly Probed[] {
		const probed = this.#steps[step];
		return typeof probed === 'string' ? [] : probed;
	}

	/** What became of a step's first probe; why there is none. */
	first(step: StepName): Probed | string {
		const probed = this.#steps[step];
		return typeof probed === 'string' ? `not asked: ${WITHOUT[probed]}` : probed[0];
	}

	/** All readable answers to a step. */
	answers(step: StepName): LiveAnswer[] {
		return this.probed(step)
			.flatMap(({ came }) => (typeof came === 'string' ? [] : [readAnswer(came)]))
			.filter(({ reaction }) => reaction !== 'unreadable');
	}

	/** The answer to a step, the last one if it was asked twice; what is in its place if it cannot be read. */
	answer(step: StepName): LiveAnswer | string {
		const probed = this.probed(step).at(-1) ?? this.first(step);
		if (typeof probed === 'string') return probed;
		if (typeof probed.came === 'string') return `no answer: ${this.show(probed.came)}`;
		const answer = readAnswer(probed.came);
		return answer.reaction === 'unreadable' ? this.tell(answer) : answer;
	}

	/** `null` where there is no readable answer. */
	reaction(step: StepName): Reaction | null {
		const answer = this.answer(step);
		return typeof answer === 'string' ? null : answer.reaction;
	}

	/** Status, code and KIS's own words. */
	tell({ status, code, text, fields, headers }: LiveAnswer): string {
		const type = this.show(headers['content-type'] ?? 'no content-type');
		return [
			`HTTP ${status}`,
			code && this.show(code),
			text && `“${this.show(text)}”`,
			!fields && `no JSON object (${type})`,
		]
			.filter(Boolean)
			.join(' ');
	}

	/** One line, without anything that could steer a terminal, and without a secret. */
	show(text: string): string {
		const line = this.#guard.show(text).replace(/[\s\p{C}]+/gu, ' ');
		return line.length <= MAX_SHOWN_CHARACTERS ? line : `${line.slice(0, MAX_SHOWN_CHARACTERS)}…`;
	}
}
