import { makeApp, type App } from '../../tools/sandbox/apps';
import type { SeenRequest } from './scriptedServer';
import { found, withoutInput } from './secrets';
import { revoke, type Run, type Setup } from './workflow';

/**
 * Revokes at any address, each token once, and lets every item go on with its outcome. What n8n would store has to be
 * free of the app's secrets.
 */
export async function attack(url: string, setup: Setup, app: App = makeApp()): Promise<Run> {
	const run = await revoke(
		{ apps: [app], url },
		{
			onError: 'continueRegularOutput',
			...setup,
			options: { includeDetails: true, maxRetries: 0, ...setup.options },
		},
	);
	expect(found(withoutInput(run), [app.appkey, app.appsecret])).toBeUndefined();
	return run;
}

export function fieldsOf({ body }: SeenRequest): Record<string, unknown> {
	return JSON.parse(body) as Record<string, unknown>;
}
