import type { App } from '../../sandbox/apps';
import type { Timing } from './timed';

/** Tokens to be revoked, as an earlier step of a workflow gives them. */
export interface Task {
	/** Of the local KIS, without a path. */
	readonly url: string;
	readonly app: App;
	readonly tokens: readonly string[];
	/** Requests that the local KIS allows in any second; `null` for any number. */
	readonly limit: number | null;
}

/** A way to revoke tokens. */
export interface Candidate {
	readonly label: string;
	/** Revokes them all, by the rules of this way, and says how long it took. */
	run(task: Task): Promise<Timing>;
}

export const REVOKE_PATH = '/oauth2/revokeP';

/** Requests per second that nobody reaches, where a number has to be given. */
export const UNLIMITED = 1_000_000;

/** What KIS wants to be told, as fields that an HTTP Request node is given. */
export function revokeFields({ appkey, appsecret }: App): Array<{ name: string; value: string }> {
	return [
		{ name: 'appkey', value: appkey },
		{ name: 'appsecret', value: appsecret },
		{ name: 'token', value: '={{ $json.access_token }}' },
	];
}
