import type { ICredentialType, IDataObject, INodeType } from 'n8n-workflow';

import {
	encryptCredential,
	makeNode,
	outputOf,
	runWorkflow,
	type WorkflowFile,
} from '../engine/run';
import { fingerprint, makeApp } from '../sandbox/apps';
import { Sandbox, type SeenCall } from '../sandbox/server';
import { drawMishap, LOST, type Mishap } from './faults';
import { draw } from './random';
import { RecordingRelay } from './relay';

export interface Product {
	readonly node: INodeType;
	readonly credential: ICredentialType;
}

export interface ExperimentOptions {
	readonly tokens: number;
	readonly seed: number;
	/** Share of the attempts that something happens to, from 0 to 1. */
	readonly faultShare: number;
	/** Items of one execution. */
	readonly batch: number;
	/** Executions at once. */
	readonly parallel: number;
}

export interface Findings {
	items: number;
	readonly outcomes: Record<string, number>;
	calls: number;
	/** Calls beyond the limit in any sliding second, on the sandbox's clock. */
	overLimit: number;
	/** One line for each statement that what was seen contradicts. */
	readonly falseStatements: string[];
}

type Kind = 'live' | 'dead' | 'foreign' | 'opaque' | 'cutOff' | 'unusable' | 'duplicate';
/** Cumulative shares. */
const KINDS: ReadonlyArray<readonly [share: number, kind: Kind]> = [
	[0.05, 'dead'],
	[0.1, 'foreign'],
	[0.15, 'opaque'],
	[0.2, 'cutOff'],
	[0.25, 'unusable'],
	[0.35, 'duplicate'],
	[1, 'live'],
];
const REQUESTS_PER_SECOND = 2000;
const TIMEOUT_MS = 400;
const NODE = 'KIS Token';

/** Revokes tokens while faults are drawn from the seed, and holds what is reported against what was seen. */
export async function runExperiment(
	product: Product,
	options: ExperimentOptions,
): Promise<Findings> {
	const findings: Findings = {
		items: 0,
		outcomes: {},
		calls: 0,
		overLimit: 0,
		falseStatements: [],
	};
	const batches = Math.ceil(options.tokens / options.batch);
	const queue = Array.from({ length: batches }, (_, batch) => batch).values();
	const work = async () => {
		for (const batch of queue) await runBatch(product, options, batch, findings);
	};
	await Promise.all(Array.from({ length: options.parallel }, work));
	return findings;
}

async function runBatch(
	product: Product,
	{ tokens, seed, faultShare, batch }: ExperimentOptions,
	number: number,
	findings: Findings,
): Promise<void> {
	const size = Math.min(batch, tokens - number * batch);
	const mishaps = new Map<string, Mishap[]>();
	const places = new Map<string, string>();
	const mishapOf = (token: string, times: number): Mishap => {
		const mishap = drawMishap(seed, places.get(token) ?? token, times, faultShare);
		mishaps.set(token, [...(mishaps.get(token) ?? []), mishap]);
		return mishap;
	};
	const app = makeApp();
	const sandbox = await new Sandbox({
		apps: [app],
		requestsPerSecond: REQUESTS_PER_SECOND,
		faultFor: (token) => {
			const mishap = mishaps.get(token)?.at(-1);
			return mishap === LOST ? undefined : mishap;
		},
	}).start();
	const relay = new RecordingRelay(sandbox.url, (token, times) => mishapOf(token, times) === LOST);
	await relay.listen();
	const input = makeTokens(sandbox, app.appkey, seed, number, size);
	input.forEach((token, i) => places.set(token, `${number}/${i}`));
	// Every fourth batch meets a relay that is away for a while.
	const away = number % 4 === 3 ? setTimeout(() => void leave(relay), 150) : undefined;
	try {
		const errors = await revokeAll(product, relay.url, app, input);
		input.forEach((token, i) => {
			const outcome = String(errors[i]?.outcome ?? 'nothing');
			findings.items++;
			findings.outcomes[outcome] = (findings.outcomes[outcome] ?? 0) + 1;
			const contradiction = contradictionTo(outcome, token, sandbox, relay);
			if (contradiction) {
				const seen = JSON.stringify(mishaps.get(token) ?? []);
				findings.falseStatements.push(
					`seed ${seed}, batch ${number}, item ${i}: ${outcome}, but ${contradiction}; ${seen}`,
				);
			}
		});
		findings.calls += sandbox.calls.length;
		findings.overLimit += overLimit(sandbox.calls);
	} finally {
		clearTimeout(away);
		await relay.close().catch(() => undefined);
		await sandbox.stop();
	}
}

async function leave(relay: RecordingRelay): Promise<void> {
	await relay.close();
	setTimeout(() => void relay.listen(), 300);
}

function makeTokens(
	sandbox: Sandbox,
	appkey: string,
	seed: number,
	batch: number,
	size: number,
): string[] {
	const tokens: string[] = [];
	for (let i = 0; i < size; i++) {
		const random = draw(seed, 'kind', batch, i);
		const [, kind] = KINDS.find(([share]) => random < share) ?? KINDS[KINDS.length - 1];
		tokens.push(makeToken(sandbox, appkey, kind, tokens));
	}
	return tokens;
}

function makeToken(
	{ kis }: Sandbox,
	appkey: string,
	kind: Kind,
	others: readonly string[],
): string {
	const token = kis.mint(kind === 'foreign' ? 'PSanotherAppKeyOfSomebodyElse' : appkey);
	switch (kind) {
		case 'dead':
			token.revoked = true;
			return token.value;
		case 'opaque':
			return `opaque-${fingerprint(token.value)}`;
		case 'cutOff':
			return token.value.slice(0, -3);
		case 'unusable':
			return `${token.value} and more`;
		case 'duplicate':
			return others.at(-1) ?? token.value;
		default:
			return token.value;
	}
}

async function revokeAll(
	{ node, credential }: Product,
	baseUrl: string,
	app: { appkey: string; appsecret: string },
	tokens: readonly string[],
): Promise<Array<IDataObject | undefined>> {
	const workflow: WorkflowFile = {
		nodes: [
			makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
			{
				...makeNode(NODE, 'n8n-nodes-koreainvestment.kisToken', {
					operation: 'revoke',
					token: '={{ $json.access_token }}',
					options: {
						includeDetails: true,
						requestsPerSecond: REQUESTS_PER_SECOND,
						timeout: TIMEOUT_MS,
					},
				}),
				onError: 'continueRegularOutput',
				credentials: { kisApi: { id: 'kis', name: 'kis' } },
			},
		],
		connections: { Start: { main: [[{ node: NODE, type: 'main', index: 0 }]] } },
	};
	const fields = { ...app, environment: 'custom', baseUrl };
	const run = await runWorkflow(workflow, {
		nodeTypes: { 'n8n-nodes-koreainvestment.kisToken': node },
		credentialTypes: [credential],
		credentials: [await encryptCredential('kis', 'kisApi', fields)],
		input: tokens.map((access_token) => ({ json: { access_token } })),
	});
	return outputOf(run, NODE).map(({ json }) => {
		const failure = json.error as IDataObject | undefined;
		return (failure?.details ?? json.details) as IDataObject | undefined;
	});
}

/** What speaks against a reported outcome; `null` if nothing does. */
function contradictionTo(
	outcome: string,
	token: string,
	{ kis, calls }: Sandbox,
	{ received }: RecordingRelay,
): string | null {
	const own = calls.filter(({ tokenFingerprint }) => tokenFingerprint === fingerprint(token));
	const processed = own.filter(({ result }) => result === '200');
	const arrived = received.get(token) ?? 0;
	switch (outcome) {
		case 'revoked':
		case 'alreadyInvalid':
			return !kis.isKnown(token) || kis.isLive(token) ? 'the token is not dead' : null;
		case 'notSent':
			return arrived > 0 ? `${arrived} requests were received` : null;
		case 'rejected':
			if (processed.length > 0) return 'an attempt was processed';
			return own.some(isRefusal) ? null : 'no refusal was sent';
		case 'unknown':
			return arrived > 0 ? null : 'no request was received';
		default:
			return 'there is no such outcome';
	}
}

function isRefusal({ result, fault }: SeenCall): boolean {
	return fault ? fault.kind === 'refuse' : result !== '200';
}

function overLimit(calls: readonly SeenCall[]): number {
	return calls.filter(
		({ at }, i) => i >= REQUESTS_PER_SECOND && at - calls[i - REQUESTS_PER_SECOND].at < 1000,
	).length;
}
