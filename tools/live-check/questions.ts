import type { Switches } from '../sandbox/switches';
import type { Evidence, LiveAnswer } from './evidence';
import type { StepName } from './steps';

interface Told {
	/** In words that may be shown. */
	readonly says: string;
	/** What was found out, and no switch of the sandbox can express. */
	readonly noSwitch?: string;
}

/** Of a switch: its value, whether the sandbox has such a value or not; absent where it was not found out. */
export type SwitchFinding = Told & { readonly value?: unknown; readonly agrees?: never };

/** Of a fact: whether it is as assumed; absent where it was not found out. */
export type FactFinding = Told & { readonly agrees?: boolean; readonly value?: never };

/** The default of a switch, or `assumed`, is what we assume; `null` where nothing is. */
export type Question = { readonly question: string } & (
	| { readonly about: keyof Switches; readonly read: (evidence: Evidence) => SwitchFinding }
	| { readonly assumed: string | null; readonly read: (evidence: Evidence) => FactFinding }
);

/** @param says The answer, in words. */
export type AnswerReader<Found> = (answer: LiveAnswer, says: string, evidence: Evidence) => Found;

/** Reads the one answer to a step; where there is none, or one that will not stay so, nothing was found out. */
export function ofAnswer<Found>(step: StepName, read: AnswerReader<Found>) {
	return (evidence: Evidence): Found | { says: string } => {
		const answer = evidence.answer(step);
		if (typeof answer === 'string') return { says: answer };
		const says = evidence.tell(answer);
		const isFleeting = answer.reaction === 'passing' || answer.reaction === 'tooMany';
		return isFleeting ? { says } : read(answer, says, evidence);
	};
}

/** @param oddity What no switch can express, if it is not as assumed. */
export function asAssumed(says: string, agrees: boolean | undefined, oddity: string): FactFinding {
	return { says, agrees, noSwitch: agrees === false ? oddity : undefined };
}
