import type { Question } from './finding';
import { connectionQuestions } from './questions.connection';
import { issueQuestions } from './questions.issue';
import { rateQuestions } from './questions.rate';
import { refusedQuestions } from './questions.refused';
import { revokedQuestions } from './questions.revoked';

/** All that is asked, in the order in which it is shown. */
export const QUESTIONS: readonly Question[] = [
	...issueQuestions,
	...refusedQuestions,
	...revokedQuestions,
	...rateQuestions,
	...connectionQuestions,
];
