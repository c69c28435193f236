import { setTimeout as delay } from 'node:timers/promises';
import type { ICredentialType, IDataObject, INode, INodeType } from 'n8n-workflow';

import {
	encryptCredential,
	makeNode,
	outputOf,
	runWorkflow,
	type WorkflowFile,
} from '../engine/run';
import { makeApp, type App } from '../sandbox/apps';
import type { Certificate } from '../sandbox/certificate';
import { Sandbox } from '../sandbox/server';
import { setSwitches, SWITCHES } from '../sandbox/switches';
import {
	drawConnectionMishap,
	drawMishap,
	drawProxyMishap,
	endsSending,
	LOST,
	STALE,
	type Mishap,
} from './faults';
import type { Seen } from './judge';
import type { ConnectProxy } from './proxy';
import { draw, pick, pickByShare } from './random';
import { RecordingRelay } from './relay';
import { makeTokens, type MadeToken } from './tokens';

export const REQUESTS_PER_SECOND = 200;
const TIMEOUT_MS = 1000;
const AWAY_MS = 300;
const NODE = 'KIS Token';
const TYPE = 'n8n-nodes-koreainvestment.kisToken';

/** What is tried. */
export interface Product {
	readonly node: INodeType;
	readonly credential: ICredentialType;
}

/** What TLS needs: this process trusts the one certificate, and calls other machines through the proxy. */
export interface SecureWorld {
	/** The host name of both certificates. */
	readonly host: string;
	readonly trusted: Certificate;
	readonly untrusted: Certificate;
	readonly proxy: ConnectProxy;
}

export interface Batch {
	readonly seed: number;
	readonly number: number;
	readonly items: number;
	/** Share of the attempts that something happens to, from 0 to 1. */
	readonly faultShare: number;
}

/** What was reported of a batch, and what really happened. */
export interface Report {
	readonly tokens: readonly MadeToken[];
	/** For each token. */
	readonly outcomes: readonly string[];
	readonly mishaps: ReadonlyMap<string, readonly Mishap[]>;
	readonly seen: Seen;
	/** Sending was ended before every token had its turn. */
	readonly cutShort: boolean;
	/** For a line that tells of the batch. */
	readonly circumstances: string;
}

/** What happens in the middle of an execution, by share. */
const EVENTS = {
	nothing: 0.45,
	/** KIS is restarted: it ends its connections, and knows what it knew. */
	restart: 0.15,
	/** Connections are refused for a while. */
	away: 0.15,
	/** Connections are refused from then on. */
	gone: 0.05,
	/** The user presses Stop. */
	stop: 0.1,
	/** Nothing, but n8n runs the whole node again if the first item failed. */
	retryOnFail: 0.1,
} as const;

const SECURE_SHARE = 0.4;

/** One execution on n8n's engine, with everything that it meets, drawn from the seed. */
export async function runBatch(
	product: Product,
	batch: Batch,
	secure: SecureWorld | null,
): Promise<Report> {
	const { seed, number, items, faultShare } = batch;
	const random = (what: string) => draw(seed, 'batch', number, what);
	const event = faultShare === 0 ? 'nothing' : pickByShare(EVENTS, random('event'));
	const eventAt = Math.floor(random('when') * items);
	const tls = random('tls') < SECURE_SHARE ? secure : null;

	const places = new Map<string, string>();
	const mishaps = new Map<string, Mishap[]>();
	const app = makeApp();
	const sandbox = await new Sandbox({
		apps: [app],
		requestsPerSecond: REQUESTS_PER_SECOND,
		faultFor: (token) => {
			const mishap = mishaps.get(token)?.at(-1);
			return typeof mishap === 'object' ? mishap : undefined;
		},
	}).start();
	setSwitches(
		sandbox.kis.switches,
		Object.fromEntries(
			Object.entries(SWITCHES).map(([name, all]) => [name, pick<unknown>(all, random(name))]),
		),
	);
	const stop = new AbortController();
	const happen = async () => {
		switch (event) {
			case 'restart':
				await sandbox.stop();
				return void (await sandbox.start());
			case 'away':
				await relay.close();
				await delay(AWAY_MS);
				return await relay.listen();
			case 'gone':
				return await relay.close();
			case 'stop':
				return stop.abort();
		}
	};
	let happening = Promise.resolve();
	const relay = new RecordingRelay({
		targetPort: Number(new URL(sandbox.url).port),
		certificates: tls ?? undefined,
		mishapOfConnection: (connection) => drawConnectionMishap(seed, number, connection, faultShare),
		mishapOfRequest: (token, times) => {
			const mishap = drawMishap(seed, places.get(token) ?? token, times, faultShare);
			mishaps.set(token, [...(mishaps.get(token) ?? []), mishap]);
			return mishap === LOST || mishap === STALE ? mishap : null;
		},
		onRequest: (requests) => {
			if (requests === eventAt) happening = happen();
		},
	});
	await relay.listen();
	tls?.proxy.mishaps.set(relay.port, (connection) =>
		drawProxyMishap(seed, number, connection, faultShare),
	);
	const tokens = makeTokens(sandbox.kis, app.appkey, seed, number, items);
	tokens.forEach(({ value }, i) => places.set(value, placeOf(number, i)));
	const baseUrl = tls ? `https://${tls.host}:${relay.port}` : `http://127.0.0.1:${relay.port}`;
	const node: Partial<INode> =
		event === 'retryOnFail' ? { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 } : {};
	try {
		const outcomes = await revokeAll(product, {
			app,
			baseUrl,
			tokens: tokens.map(({ value }) => value),
			node,
			stop: stop.signal,
		});
		const cutShort =
			event === 'stop' || event === 'gone' || sandbox.calls.some(({ fault }) => endsSending(fault));
		const circumstances = [event, tls ? 'https through a proxy' : 'http'].join(', ');
		return { tokens, outcomes, mishaps, seen: { sandbox, relay }, cutShort, circumstances };
	} finally {
		await happening;
		tls?.proxy.mishaps.delete(relay.port);
		await relay.close();
		await sandbox.stop();
	}
}

/** Names a token in whatever is drawn for it: its text is another in every run. */
export function placeOf(batch: number, item: number): string {
	return `${batch}/${item}`;
}

interface Setup {
	readonly app: App;
	readonly baseUrl: string;
	readonly tokens: readonly string[];
	readonly node: Partial<INode>;
	readonly stop: AbortSignal;
}

/** The outcome that is reported for each token. */
async function revokeAll(product: Product, setup: Setup): Promise<string[]> {
	const options = {
		includeDetails: true,
		requestsPerSecond: REQUESTS_PER_SECOND,
		timeout: TIMEOUT_MS,
	};
	const token = '={{ $json.access_token }}';
	const workflow: WorkflowFile = {
		nodes: [
			makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
			{
				...makeNode(NODE, TYPE, { operation: 'revoke', token, options }),
				onError: 'continueRegularOutput',
				credentials: { kisApi: { id: 'kis', name: 'kis' } },
				...setup.node,
			},
		],
		connections: { Start: { main: [[{ node: NODE, type: 'main', index: 0 }]] } },
	};
	const fields = { ...setup.app, environment: 'custom', baseUrl: setup.baseUrl };
	const run = await runWorkflow(workflow, {
		nodeTypes: { [TYPE]: product.node },
		credentialTypes: [product.credential],
		credentials: [await encryptCredential('kis', 'kisApi', fields)],
		input: setup.tokens.map((access_token) => ({ json: { access_token } })),
		stop: setup.stop,
	});
	const items = outputOf(run, NODE);
	return setup.tokens.map((_token, i) => String(detailsOf(items[i]?.json)?.outcome ?? 'nothing'));
}

function detailsOf(json: IDataObject | undefined): IDataObject | undefined {
	const failure = json?.error as IDataObject | undefined;
	return (failure?.details ?? json?.details) as IDataObject | undefined;
}
