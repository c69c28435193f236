import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { refusal, type JsonReply, type ErrorShape } from './texts';

/** An order for one of the next calls. */
export interface Fault {
	/** One of {@link FAULTS}. */
	readonly kind: FaultKind;
	/** Waits for a call to this path, such as `/oauth2/tokenP`; for any call if absent. */
	readonly path?: string;
	/** Whether KIS processes the request all the same, and only its answer suffers. Off by default. */
	readonly processed?: boolean;
	/** For `refuse`: the KIS code, EGW00201 by default. */
	readonly code?: string;
	/** For `refuse` and whatever sends a page or body of its own: the HTTP status. */
	readonly status?: number;
	/** For `refuse`. */
	readonly shape?: ErrorShape;
	/** For `delay` and `drip`: how long, in milliseconds; 1000 by default. */
	readonly delayMs?: number;
	/** For `delay`, from this process only: what it waits for, instead of a time. */
	readonly until?: Promise<unknown>;
	/** For `raw`: the body. */
	readonly body?: string;
	/** For `raw`: how the body's characters become bytes, `utf8` by default; `latin1` makes each one byte. */
	readonly encoding?: 'utf8' | 'latin1';
	/** For `raw`: beside or instead of its own. Names in lower case. */
	readonly headers?: Readonly<Record<string, string>>;
	/** For `redirect`: where to. */
	readonly location?: string;
}

interface FaultyExchange {
	readonly fault: Fault;
	readonly response: ServerResponse;
	/** What it comes over, below TLS. */
	readonly connection: Socket;
	/** KIS's true answer, where the request was processed; else a page that says nothing. */
	readonly answer: JsonReply;
}

type Effect = (exchange: FaultyExchange) => void | Promise<void>;

const PAGE =
	'<html><meta http-equiv="refresh" content="0; url=https://securities.koreainvestment.com/error/error.jsp"></html>';
const MEGABYTE = 1024 * 1024;

/** Everything that can go wrong on the way back. */
const EFFECTS = {
	/** The connection is reset. */
	reset: ({ connection }) => {
		connection.resetAndDestroy();
	},
	/** The connection is closed in good order, without an answer. */
	close: ({ response }) => {
		response.socket?.end();
	},
	/** The answer comes late. */
	delay: async ({ fault, response, answer }) => {
		await (fault.until ?? delay(fault.delayMs ?? 1000, undefined, { ref: false }));
		sendJson(response, answer);
	},
	/** The answer comes byte by byte. */
	drip: async ({ fault, response, answer }) => {
		const body = Buffer.from(JSON.stringify(answer.json));
		response.writeHead(answer.status, { 'content-type': 'application/json;charset=UTF-8' });
		for (const byte of body) {
			if (response.destroyed) return;
			response.write(Buffer.of(byte));
			await delay((fault.delayMs ?? 1000) / body.length, undefined, { ref: false });
		}
		response.end();
	},
	/** The page of a server that is down for maintenance. */
	html: ({ fault, response }) => {
		response.writeHead(fault.status ?? 200, { 'content-type': 'text/html' }).end(PAGE);
	},
	empty: ({ fault, response }) => {
		response.writeHead(fault.status ?? 200).end();
	},
	/** The head announces more than comes before the connection is reset. */
	cutOff: ({ response, answer }) => {
		const body = JSON.stringify(answer.json);
		response.writeHead(answer.status, {
			'content-type': 'application/json;charset=UTF-8',
			'content-length': Buffer.byteLength(body),
		});
		response.write(body.slice(0, body.length / 2), () => response.socket?.destroy());
	},
	/** A JSON text that stops in the middle, in a response that is whole. */
	cutJson: ({ response, answer }) => {
		const body = JSON.stringify(answer.json);
		response.writeHead(answer.status, { 'content-type': 'application/json;charset=UTF-8' });
		response.end(body.slice(0, body.length / 2));
	},
	garbage: ({ fault, response }) => {
		response.writeHead(fault.status ?? 200, { 'content-type': 'application/json' });
		response.end(Buffer.from([0xc1, 0xb1, 0x00, 0xff, 0x7b, 0x22]));
	},
	/** Compressed, though the request asks for identity. */
	gzip: ({ response, answer }) => {
		response.writeHead(answer.status, {
			'content-type': 'application/json;charset=UTF-8',
			'content-encoding': 'gzip',
		});
		response.end(gzipSync(JSON.stringify(answer.json)));
	},
	/** One megabyte in which the answer stands first. */
	large: ({ response, answer }) => {
		response.writeHead(answer.status, { 'content-type': 'application/json;charset=UTF-8' });
		response.end(JSON.stringify(answer.json) + ' '.repeat(MEGABYTE));
	},
	/** A body that never ends. */
	endless: async ({ response }) => {
		response.writeHead(200, { 'content-type': 'application/json;charset=UTF-8' });
		while (!response.destroyed) {
			response.write(' '.repeat(1024));
			await delay(5, undefined, { ref: false });
		}
	},
	redirect: ({ fault, response }) => {
		response.writeHead(fault.status ?? 302, { location: fault.location ?? '/elsewhere' }).end();
	},
	refuse: ({ fault, response }) => {
		const { code = 'EGW00201', status = 500, shape = 'oauth2' } = fault;
		sendJson(response, refusal(code, status, shape));
	},
	/** A body of the caller's choice. */
	raw: ({ fault, response }) => {
		const { status = 200, body = '', encoding = 'utf8', headers } = fault;
		response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', ...headers });
		response.end(Buffer.from(body, encoding));
	},
} satisfies Record<string, Effect>;

export type FaultKind = keyof typeof EFFECTS;
export const FAULTS = Object.keys(EFFECTS) as FaultKind[];

export async function applyFault(
	fault: Fault,
	exchange: Omit<FaultyExchange, 'fault'>,
): Promise<void> {
	const effect: Effect = EFFECTS[fault.kind];
	await effect({ fault, ...exchange });
}

export function sendJson(response: ServerResponse, { status, json }: JsonReply): void {
	const body = Buffer.from(JSON.stringify(json));
	response.writeHead(status, {
		'content-type': 'application/json;charset=UTF-8',
		'content-length': body.length,
	});
	response.end(body);
}
