import {
	createServer as createHttpServer,
	type IncomingHttpHeaders,
	type IncomingMessage,
	type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { isIPv6, type AddressInfo, type Socket } from 'node:net';

import { fingerprint, makeApp, type App } from './apps';
import { isEverywhere, isLoopback } from './address';
import { applyFault, FAULTS, sendJson, type Fault } from './faults';
import { LocalKis, type EnvironmentName } from './kis';
import { setSwitches } from './switches';
import type { Certificate } from './certificate';

export interface SandboxOptions {
	readonly environment?: EnvironmentName;
	/** Made up if absent. */
	readonly apps?: readonly App[];
	/** Instead of the environment's. */
	readonly requestsPerSecond?: number;
	/** How long an issued token lives, in milliseconds, instead of a day. */
	readonly tokenLifeMs?: number;
	/** Plain http if absent. */
	readonly certificate?: Certificate;
	/** The IP address that it listens on, 127.0.0.1 if absent. Any but this computer's own takes a certificate. */
	readonly address?: string;
	/** 0, the default, takes a free one. */
	readonly port?: number;
	/** Chooses a fault for a call that none was ordered for, by its token, which is empty if it has none, and its headers. */
	readonly faultFor?: (token: string, headers: IncomingHttpHeaders) => Fault | undefined;
	readonly now?: () => number;
	/** The monotonic clock of the requests per second, in milliseconds; for tests that cannot wait at all. */
	readonly elapsed?: () => number;
}

/** What the sandbox saw of one request. Tokens are named by the first 12 hex digits of their SHA-256. */
export interface SeenCall {
	/** On the sandbox's monotonic clock, in milliseconds. */
	readonly at: number;
	readonly path: string;
	readonly appkey: string;
	readonly tokenFingerprint: string | null;
	/** Counts the connections from 1. */
	readonly connection: number;
	/** KIS's code, or the HTTP status of a success; `null` where the request was not processed. */
	readonly result: string | null;
}

/** Ordered over HTTP too: `POST` a list of faults, or an object of switches. */
const CONTROL_PATHS = { faults: '/sandbox/faults', switches: '/sandbox/switches' } as const;

/** A KIS on this computer, and for it alone unless it is told otherwise. */
export class Sandbox {
	readonly kis: LocalKis;
	readonly apps: readonly App[];
	readonly calls: SeenCall[] = [];
	/** For the next calls, or the next to a path, first come first served. */
	readonly faults: Fault[] = [];
	readonly sockets = new Set<Socket>();
	readonly #server;
	readonly #scheme: 'http' | 'https';
	readonly #address: string;
	#port: number;
	readonly #faultFor: NonNullable<SandboxOptions['faultFor']>;
	readonly #connectionNumbers = new WeakMap<Socket, number>();
	#connections = 0;

	/** @throws {RangeError} for plain http on an address that other computers reach: keys and tokens could be read. */
	constructor(options: SandboxOptions = {}) {
		this.#address = options.address ?? '127.0.0.1';
		if (!options.certificate && !isLoopback(this.#address)) {
			throw new RangeError(`plain http on ${this.#address}, which is not this computer alone`);
		}
		this.apps = options.apps ?? [makeApp()];
		this.kis = new LocalKis({
			...options,
			environment: options.environment ?? 'real',
			apps: this.apps,
		});
		this.#port = options.port ?? 0;
		this.#faultFor = options.faultFor ?? (() => undefined);
		const { now = () => Date.now() } = options;
		const listener = (request: IncomingMessage, response: ServerResponse) => {
			// By the clock that its tokens are dated by.
			response.setHeader('date', new Date(now()).toUTCString());
			void this.#serve(request, response);
		};
		this.#scheme = options.certificate ? 'https' : 'http';
		this.#server = options.certificate
			? createHttpsServer(options.certificate, listener)
			: createHttpServer(listener);
		this.#server.on(options.certificate ? 'secureConnection' : 'connection', (socket: Socket) => {
			this.#connectionNumbers.set(socket, ++this.#connections);
		});
		this.#server.on('connection', (socket: Socket) => {
			this.sockets.add(socket);
			socket.once('close', () => this.sockets.delete(socket));
		});
	}

	/** Connections accepted so far. */
	get connections(): number {
		return this.#connections;
	}

	/** Where this computer finds it. */
	get url(): string {
		return this.urlAt(isEverywhere(this.#address) ? '127.0.0.1' : this.#address);
	}

	/** Where it is found by a name, or by an IP address. */
	urlAt(host: string): string {
		return `${this.#scheme}://${isIPv6(host) ? `[${host}]` : host}:${this.#port}`;
	}

	async start(): Promise<this> {
		await new Promise<void>((resolve, reject) => {
			this.#server.once('error', reject);
			this.#server.listen(this.#port, this.#address, resolve);
		});
		this.#port = (this.#server.address() as AddressInfo).port;
		return this;
	}

	async stop(): Promise<void> {
		for (const socket of this.sockets) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = request.url ?? '/';
		const at = performance.now();
		const chunks: Buffer[] = [];
		try {
			for await (const chunk of request) chunks.push(chunk as Buffer);
		} catch {
			return; // The client went away in the middle of its request.
		}
		const body = Buffer.concat(chunks).toString();
		if (request.method === 'POST' && this.#control(path, body, response)) return;

		const fields = parse(body);
		const { token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] } = fields;
		const fault = this.#nextFault(path) ?? this.#faultFor(String(token ?? ''), request.headers);
		const processed = !fault || fault.processed === true;
		const answer = processed
			? this.kis.answer({
					method: request.method ?? 'GET',
					path,
					headers: request.headers as Record<string, string | undefined>,
					body,
				})
			: { status: 200, json: {} };
		const json = answer.json as Record<string, unknown>;
		this.calls.push({
			at,
			path,
			appkey: String(fields.appkey ?? request.headers.appkey ?? ''),
			tokenFingerprint: typeof token === 'string' ? fingerprint(token) : null,
			connection: this.#connectionNumbers.get(request.socket) ?? 0,
			result: processed ? String(json.error_code ?? json.msg_cd ?? answer.status) : null,
		});
		if (!fault) return sendJson(response, answer);
		const connection = this.#connectionOf(request);
		if (connection) await applyFault(fault, { response, connection, answer });
	}

	/** Below TLS, which has a socket of its own; `undefined` if the client has gone away. */
	#connectionOf({ socket: { remotePort } }: IncomingMessage): Socket | undefined {
		return [...this.sockets].find((socket) => socket.remotePort === remotePort);
	}

	#nextFault(path: string): Fault | undefined {
		const [called] = path.split('?');
		const next = this.faults.findIndex((fault) => (fault.path ?? called) === called);
		return next < 0 ? undefined : this.faults.splice(next, 1)[0];
	}

	/** Lets any program order faults and set switches. */
	#control(path: string, body: string, response: ServerResponse): boolean {
		try {
			if (path === CONTROL_PATHS.faults) {
				const faults = JSON.parse(body) as Fault[];
				const strange = faults.find(({ kind }) => !FAULTS.includes(kind));
				if (strange) throw new RangeError(`kind has to be one of ${JSON.stringify(FAULTS)}`);
				this.faults.push(...faults);
			} else if (path === CONTROL_PATHS.switches) {
				setSwitches(this.kis.switches, JSON.parse(body) as Record<string, unknown>);
			} else {
				return false;
			}
			sendJson(response, {
				status: 200,
				json: { faults: this.faults, switches: this.kis.switches },
			});
		} catch (error) {
			sendJson(response, { status: 400, json: { message: String(error) } });
		}
		return true;
	}
}

function parse(body: string): Record<string, unknown> {
	try {
		const json: unknown = JSON.parse(body);
		return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
	} catch {
		return {};
	}
}
