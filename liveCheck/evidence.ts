import { SecretGuard } from '../kis/secretGuard';
import { readAnswer, type Answer } from './answer';
import type { Exchange } from './line';
import { tokenIn, type Seen } from './liveCheck';
import { WITHOUT, type Held, type StepName } from './steps';

/** KIS's own texts are much shorter. */
const MAX_SHOWN_CHARACTERS = 120;

/** What was seen, in words that may be shown: whatever came from the server goes through {@link show}. */
export class Evidence {
	readonly held: Held;
	readonly #seen: Seen;
	readonly #guard: SecretGuard;

	constructor(seen: Seen) {
		this.#seen = seen;
		this.held = seen.held;
		const { keys, other, expiredToken = '' } = seen.held;
		const tokens = Object.values(seen.exchanges).flat().map(tokenIn);
		const secrets = [...Object.values(keys), ...Object.values(other ?? {}), ...tokens];
		this.#guard = new SecretGuard([expiredToken, ...secrets.filter((secret) => secret !== null)]);
	}

	exchanges(step: StepName): readonly Exchange[] {
		return this.#seen.exchanges[step];
	}

	/** All readable answers to a step. */
	answers(step: StepName): Answer[] {
		return this.exchanges(step)
			.flatMap(({ came }) => (typeof came === 'string' ? [] : [readAnswer(came)]))
			.filter(({ verdict }) => verdict !== 'unreadable');
	}

	/** The answer to a step, the last one if it was asked twice; what is in its place if it cannot be read. */
	answer(step: StepName): Answer | string {
		const exchange = this.exchanges(step).at(-1);
		if (!exchange) return this.whyNone(step);
		if (typeof exchange.came === 'string') return `no answer: ${this.show(exchange.came)}`;
		const answer = readAnswer(exchange.came);
		return answer.verdict === 'unreadable' ? this.tell(answer) : answer;
	}

	/** Why a step has no exchange. */
	whyNone(step: StepName): string {
		const lacked = this.#seen.lacked[step];
		return `not asked: ${lacked ? WITHOUT[lacked] : 'the check ended before'}`;
	}

	/** Status, code and KIS's own words. */
	tell({ status, code, text, fields, headers }: Answer): string {
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
