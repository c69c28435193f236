import type { Attempt } from '../../../kis/reply/attempt';
import { isListed } from '../../../kis/reply/errorCodes';
import { explainTransportCode } from '../../../kis/http/transportCodes';
import { koreanTime } from '../../../kis/reply/koreanTime';
import { quotable } from '../quotable';

export interface Explanation {
	/** A clause, without a full stop. */
	readonly happened: string;
	/** How to get unstuck: a sentence or more; empty where there is nothing to do. */
	readonly todo: string;
	/** How the options of an operation of the node help: a sentence; empty where they do not. */
	readonly optionsTodo: string;
}

/** What an attempt met. */
export function explain(attempt: Attempt): Explanation {
	const { rule, refusalCode, transportCode, httpStatus, pause } = attempt;
	if (!rule) return { optionsTodo: '', ...explainTransportCode(transportCode ?? '') };
	// n8n replaces a message that holds the name of a system fault, which an unlisted code may be.
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
 * What several attempts met: what made it end so, and what would keep the next try from going better.
 *
 * @param attempts Of this run; `decisive` may be from an earlier try of the execution.
 * @param instead What to do about an answer like the decisive one, where the caller knows better.
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

/** Each once, and none that is empty. */
export function sentences(...parts: readonly string[]): string {
	return [...new Set(parts)].filter((part) => part !== '').join(' ');
}

/** What the other side said in its own words; empty if it said nothing. */
export function quote(answer: Attempt | null): string {
	if (!answer?.text) return '';
	const { verdict, refusalCode, text } = answer;
	const speaker = verdict === 'unwritten' ? 'n8n says' : 'The server says';
	// A listed code stands in the message.
	const code = refusalCode === null || isListed(refusalCode) ? '' : ` (${refusalCode})`;
	return `${speaker}${code}: “${quotable(text)}”`;
}
