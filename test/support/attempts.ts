import type { Attempt } from '../../kis/attempt';

const NOTHING = {
	httpStatus: null,
	refusalCode: null,
	code: null,
	text: null,
	transportCode: null,
} as const;

export function makeAttempt(
	verdict: Attempt['verdict'],
	known: Partial<Omit<Attempt, 'verdict'>> = {},
): Attempt {
	return { ...NOTHING, verdict, ...known };
}
