import { Pool } from 'undici';

import { REVOKE_PATH, type Candidate, type Task } from './candidate';
import { timed } from './timed';

/** As many as the node uses where answers are quick; and its headers, so that all send the same. */
const CONNECTIONS = 8;
const HEADERS = {
	'content-type': 'application/json; charset=UTF-8',
	accept: 'application/json',
	'accept-encoding': 'identity',
};

function bodyOf({ app }: Task, token: string): string {
	return JSON.stringify({ ...app, token });
}

/** A script that goes through its tokens one by one, with Node's own `fetch`. */
export const plainLoop: Candidate = {
	label: 'plain loop, one call at a time',
	run: async (task) =>
		await timed(async () => {
			for (const token of task.tokens) {
				const response = await fetch(task.url + REVOKE_PATH, {
					method: 'POST',
					headers: HEADERS,
					body: bodyOf(task, token),
				});
				await response.text();
			}
		}),
};

/** What sending and receiving take at least: undici alone, which asks nothing about the answers but their text. */
export const bareUndici: Candidate = {
	label: 'bare undici loop',
	run: async (task) =>
		await timed(async () => {
			const pool = new Pool(task.url, { connections: CONNECTIONS });
			const queue = task.tokens.values();
			const work = async () => {
				for (const token of queue) {
					const { body } = await pool.request({
						path: REVOKE_PATH,
						method: 'POST',
						headers: HEADERS,
						body: bodyOf(task, token),
					});
					await body.text();
				}
			};
			await Promise.all(Array.from({ length: CONNECTIONS }, work));
			await pool.close();
		}),
};
