import type { INodeParameters } from 'n8n-workflow';

import { draw, pick } from '../random';
import { makeTokens, type MadeToken } from '../tokens';
import { ORDER_PATH, QUOTE_PATH, type Place } from './mishaps';
import type { Step } from './script';
import type { StepSetup } from './step';

const REQUEST_TIMEOUT_MS = 1000;
const ISSUE_TIMEOUT_MS = 2000;

/** Makes the tokens that the items of an Inspect or Issue step hold. Other steps have none. */
export function drawTokens(
	{ does, name, app, items }: Step,
	{ seed, world, apps, kis }: Place,
): MadeToken[] {
	if (does !== 'inspect' && does !== 'issue') return [];
	const appsOfStep = app === 'own' ? apps : { own: apps.other, other: apps.own };
	const seedOfStep = Math.floor(draw(seed, 'tokens', world, name) * 2 ** 32);
	return makeTokens(kis, appsOfStep, seedOfStep, world, items);
}

/**
 * Draws the node of a step, and what goes into it.
 *
 * @param base URL of the host, without a path.
 * @param random From 0 to 1, determined by what it is for.
 */
export function drawWork(
	{ does, name, items }: Step,
	tokens: readonly MadeToken[],
	base: string,
	random: (what: string) => number,
): Pick<StepSetup, 'node' | 'settings' | 'items'> {
	const numbers = Array.from({ length: items }, (_, i) => `N${name}x${i}`);
	const isTool = random('helper') < 0.5;
	const node = {
		type: 'request',
		helper: isTool ? 'httpRequestWithAuthentication' : 'requestWithAuthentication',
	} as const;
	const settings = {};
	const timeout = REQUEST_TIMEOUT_MS;
	const withTokens = tokens.map(({ text }) => ({ access_token: text }));
	const kisToken = (parameters: INodeParameters) => ({ type: 'own', parameters }) as const;
	switch (does) {
		case 'quotes': {
			const url = (number: string) =>
				`${base}${QUOTE_PATH}?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=${number}`;
			return { node, settings, items: numbers.map((it) => ({ url: url(it), timeout })) };
		}
		case 'orders': {
			const url = `${base}${ORDER_PATH}`;
			const order = (number: string) => ({ url, method: 'POST', body: { number }, timeout });
			return { node, settings, items: numbers.map(order) };
		}
		case 'issue': {
			const reuseToken = random('reuse') < 0.3 ? '={{ $json.access_token }}' : '';
			const options = {
				reuseToken,
				minimumSecondsLeft: pick([0, 0, 60, 3600], random('minimum')),
				waitWhenLimited: random('waits') < 0.3,
				maxRetries: pick([0, 1, 3], random('retries')),
				timeout: ISSUE_TIMEOUT_MS,
				includeDetails: random('details') < 0.5,
			};
			const retries = random('retry on fail') < 0.1;
			return {
				node: kisToken({ operation: 'issue', options }),
				settings: retries ? { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 } : {},
				items: reuseToken === '' ? numbers.map(() => ({})) : withTokens,
			};
		}
		case 'inspect': {
			const isKept = random('source') < 0.35;
			const askKis = random('asks') < 0.75;
			const tokenSource = isKept ? 'credential' : 'input';
			const token = isKept ? '' : '={{ $json.access_token }}';
			const parameters = { operation: 'inspect', tokenSource, token, askKis };
			return {
				node: kisToken(parameters),
				settings,
				items: isKept ? numbers.map(() => ({})) : withTokens,
			};
		}
		case 'revoke': {
			const options = { timeout: ISSUE_TIMEOUT_MS };
			const parameters = { operation: 'revoke', tokenSource: 'credential', options };
			return { node: kisToken(parameters), settings, items: numbers.map(() => ({})) };
		}
	}
}
