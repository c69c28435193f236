import { explainTransportCode } from '../http/transportCodes';
import type { Attempt } from './attempt';
import { isListed } from './errorCodes';
import { koreanTime } from './koreanTime';

export interface Explanation {
	/** A clause, without a full stop. */
	readonly happened: string;
	/** How to get unstuck: a sentence or more; empty where there is nothing to do. */
	readonly todo: string;
	/** How the options of an operation of the node help: a sentence; empty where they do not. */
	readonly optionsTodo: string;
}

/** Says in plain words how an attempt ended, and what to do about it. */
export function explain(attempt: Attempt): Explanation {
	const { rule, refusalCode, transportCode, httpStatus, pause } = attempt;
	if (!rule) return { optionsTodo: '', ...explainTransportCode(transportCode ?? '') };
	// An unlisted code may be the name of a system error, and n8n replaces any message that contains one.
	const isKisCode = refusalCode !== null && isListed(refusalCode);
	const source = isKisCode ? refusalCode : `HTTP ${httpStatus}`;
	const when = pause?.isTooLong
		? `The server wants no request before ${koreanTime(pause.until)}: try again after that.`
		: '';
	return {
		happened: `${rule.happened} (${source})`,
		todo: sentences(when, rule.todo),
		optionsTodo: rule.optionsTodo ?? '',
	};
}

/**
 * Explains a series of attempts: says how the decisive one ended, and what to do about that one and the last.
 *
 * @param attempts Of this run, oldest first. `decisive` may come from an earlier try of the execution.
 * @param instead Replaces what to do about the decisive attempt, where the caller knows better.
 */
export function explainAll(
	attempts: readonly Attempt[],
	decisive: Attempt,
	instead?: string,
): Explanation {
	const { happened, todo, optionsTodo } = explain(decisive);
	const when = attempts.includes(decisive) ? '' : 'in an earlier try of this execution, ';
	const last = explain(attempts.at(-1) ?? decisive);
	return {
		happened: when + happened,
		todo: sentences(instead ?? todo, instead && last.todo === todo ? '' : last.todo),
		optionsTodo: sentences(optionsTodo, last.optionsTodo),
	};
}

/** Joins sentences with a space. Leaves out empty ones and repetitions. */
export function sentences(...parts: readonly string[]): string {
	return [...new Set(parts)].filter((part) => part !== '').join(' ');
}

/** Quotes the other side's own words; returns an empty string if it said nothing. */
export function quote(answer: Attempt | null): string {
	if (!answer?.text) return '';
	const { verdict, refusalCode, text } = answer;
	const speaker = verdict === 'unwritten' ? 'n8n says' : 'The server says';
	// The message names a listed code already.
	const code = refusalCode === null || isListed(refusalCode) ? '' : ` (${refusalCode})`;
	return `${speaker}${code}: “${quotable(text)}”`;
}

/**
 * Makes a text safe to stand between “ and ”: replaces those two, and whatever could shift or hide the rest of a message
 * (line breaks, control and format characters).
 */
export function quotable(text: string): string {
	return text.replace(/[\s\p{C}]+/gu, ' ').replace(/[“”]/g, '"');
}
