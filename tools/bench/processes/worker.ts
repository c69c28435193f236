import { ALL_CANDIDATES, type CandidateName } from '../candidates';
import type { Task } from '../candidates/candidate';
import type { Timing } from '../candidates/timed';
import { serve } from './child';

const service = {
	async run({ candidate, task }: { candidate: CandidateName; task: Task }): Promise<Timing> {
		return await ALL_CANDIDATES[candidate].run(task);
	},
};

export type WorkerProcess = typeof service;

serve(service);
