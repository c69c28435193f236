import type { Switches } from '../sandbox/switches';
import type { Answer } from './answer';
import type { Evidence } from './evidence';
import type { StepName } from './steps';

/** What came out for a question. */
export interface Finding {
	/** In words that may be shown. */
	readonly says: string;
	/** For a question about a switch: its value, whether the sandbox has such a value or not; absent where it was not found out. */
	readonly value?: unknown;
	/** For a question about a fact: whether it is as assumed; absent where it was not found out. */
	readonly agrees?: boolean;
	/** What was found out, and no switch of the sandbox can express. */
	readonly noSwitch?: string;
}

export type Reading = (evidence: Evidence) => Finding;

export type Question = {
	readonly question: string;
	readonly read: Reading;
} & (
	| {
			/** Its default is what we assume. */
			readonly about: keyof Switches;
	  }
	| {
			/** In words; {@link NOBODY_KNOWS} where nothing is assumed. */
			readonly assumed: string;
	  }
);

export const NOBODY_KNOWS = '–';

/** Reads the one answer to a step; where there is none, or one that will not stay so, nothing was found out. */
export function ofAnswer(
	step: StepName,
	read: (answer: Answer, says: string, evidence: Evidence) => Finding,
): Reading {
	return (evidence) => {
		const answer = evidence.answer(step);
		if (typeof answer === 'string') return { says: answer };
		const says = evidence.tell(answer);
		const isFleeting = answer.verdict === 'passing' || answer.verdict === 'tooMany';
		return isFleeting ? { says } : read(answer, says, evidence);
	};
}

/** What became of the token in a revoke, as the sandbox's switches write it: `success` or KIS's code. */
export function reactionOf({ verdict, code }: Answer): string {
	return verdict === 'success' ? 'success' : (code ?? 'a refusal without a code');
}

/** Whether a quote shows that the token works; `undefined` if it does not show it. */
export function works(answer: Answer | string): boolean | undefined {
	if (typeof answer === 'string') return undefined;
	return { success: true, badToken: false }[answer.verdict as string];
}

export function asWorking(answer: Answer | string): string {
	const isWorking = works(answer);
	return isWorking === undefined ? 'cannot be told' : isWorking ? 'it works' : 'it does not work';
}

/** Whether a quote finds a token working. @param oddity What no switch can express, if it is not as expected. */
export function isAlive(step: StepName, expected: boolean, oddity: string): Reading {
	return ofAnswer(step, (answer, says) => {
		const isWorking = works(answer);
		return {
			says: `${says}: ${asWorking(answer)}`,
			...(isWorking !== undefined && { agrees: isWorking === expected }),
			...(isWorking === !expected && { noSwitch: oddity }),
		};
	});
}

/** The distinct ones, in their order. */
export function distinct<Value>(values: readonly Value[]): Value[] {
	return [...new Set(values)];
}
