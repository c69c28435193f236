import type { INode, OnError } from 'n8n-workflow';

import { makeApp } from '../sandbox/apps';
import { UNLIMITED, type Task } from './candidates/candidate';
import { measureInEngine, type Measure } from './candidates/inEngine';
import { kisTokenStep } from './candidates/kisToken';

/** What this node is given to do, with an item for each token. */
export interface Load {
	/** As the table says it. */
	readonly label: string;
	readonly parameters: INode['parameters'];
	/** `continueRegularOutput` if absent. */
	readonly onError?: OnError;
	/** Whether the app secret is not the one that KIS knows. */
	readonly isRefused?: boolean;
	/** Whether KIS refuses every request, each in English words of its own. */
	readonly isWordy?: boolean;
}

const TOKEN = '={{ $json.access_token }}';
const OPTIONS = { requestsPerSecond: UNLIMITED, includeDetails: true, maxRetries: 0 };
const LONGER_THAN_ANY_SECONDS = 90 * 24 * 60 * 60;

const revoke = (token = TOKEN) => ({ operation: 'revoke', token, options: OPTIONS });
const issue = (options = {}) => ({ operation: 'issue', options: { ...OPTIONS, ...options } });

export const LOADS: readonly Load[] = [
	{ label: 'Revoke: KIS refuses the key pair', parameters: revoke(), isRefused: true },
	{
		label: 'Revoke: the same, and the workflow stops on errors',
		parameters: revoke(),
		isRefused: true,
		onError: 'stopWorkflow',
	},
	{ label: 'Revoke: the same token in every item', parameters: revoke('a-token-of-all') },
	{ label: 'Revoke: no item has a token', parameters: revoke('two words') },
	{ label: 'Revoke: every token is revoked', parameters: revoke() },
	{
		label: 'Revoke: every token is refused, in English words of its own',
		parameters: revoke(),
		isWordy: true,
	},
	{ label: 'Inspect', parameters: { operation: 'inspect', token: TOKEN } },
	{ label: 'Issue: no item has a token to reuse', parameters: issue() },
	{ label: 'Issue: every item has a token to reuse', parameters: issue({ reuseToken: TOKEN }) },
	{
		label: 'Issue: the same, and none lives long enough',
		parameters: issue({ reuseToken: TOKEN, minimumSecondsLeft: LONGER_THAN_ANY_SECONDS }),
	},
];

/** Lets this node do it, on n8n's engine. */
export async function carry<T>(
	{ parameters, onError = 'continueRegularOutput', isRefused }: Load,
	{ app: { appkey, appsecret }, url, tokens }: Pick<Task, 'app' | 'url' | 'tokens'>,
	measure: Measure<T>,
): Promise<T> {
	const app = { appkey, appsecret: isRefused ? makeApp().appsecret : appsecret };
	const step = await kisTokenStep({ app, url }, parameters, { onError });
	return await measureInEngine(step, tokens, measure);
}
