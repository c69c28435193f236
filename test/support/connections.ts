import { endpointOf } from '../../kis/input/baseUrl';
import { Connection, type ConnectionOptions } from '../../kis/http/connection';
import type { Exchange } from '../../kis/http/exchange';
import { closeServers, type ScriptedServer } from './scriptedServer';

export const PATH = '/oauth2/revokeP';
export const BODY = { appkey: 'key', appsecret: 'secret', token: '토큰' };
/** Nobody presses the stop button. */
export const NEVER = new AbortController().signal;

const opened: Connection[] = [];

/** A connection to the endpoint at {@link PATH}, which `closeAll` closes. */
export function connect(baseUrl: string, options: Partial<ConnectionOptions> = {}): Connection {
	const url = endpointOf(new URL(baseUrl), PATH);
	const connection = new Connection({ url, timeoutMs: 5000, ...options });
	opened.push(connection);
	return connection;
}

/** For `afterEach`. */
export async function closeAll(): Promise<void> {
	await Promise.all(opened.splice(0).map(async (connection) => await connection.close()));
	await closeServers();
}

/**
 * One request, and the proof that no socket is left of it: after an answer once it is closed, else by itself. What is
 * said to be unwritten has not reached the server.
 */
export async function postOnce(
	server: ScriptedServer,
	options?: Partial<ConnectionOptions>,
	url = server.url,
): Promise<Exchange> {
	const connection = connect(url, options);
	const exchange = await connection.post(BODY, NEVER);
	if (exchange.kind === 'answered') await connection.close();
	await server.abandoned();
	if (exchange.kind === 'unwritten') expect(server.requests).toHaveLength(0);
	return exchange;
}
