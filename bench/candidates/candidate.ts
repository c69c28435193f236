import type { App } from '../../sandbox/apps';
import type { Timing } from './timed';

/** Tokens to be revoked, as an earlier step of a workflow gives them. */
export interface Task {
	/** Of the local KIS, without a path. */
	readonly url: string;
	readonly app: App;
	readonly tokens: readonly string[];
	/** Whether KIS has no limit here, which whoever paces its requests has to be told. */
	readonly unlimited: boolean;
}

/** A way to revoke tokens. */
export interface Candidate {
	readonly label: string;
	/** Revokes them all, by the rules of this way, and says how long it took. */
	run(task: Task): Promise<Timing>;
}

export const REVOKE_PATH = '/oauth2/revokeP';
