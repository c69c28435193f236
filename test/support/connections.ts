import { endpointOf } from '../../kis/input/baseUrl';
import { Connection, type ConnectionOptions } from '../../kis/http/connection';
import type { Exchange } from '../../kis/http/exchange';
import { closeServers, type ScriptedServer } from './scriptedServer';

export const PATH = '/oauth2/revokeP';
export const BODY = { appkey: 'key', appsecret: 'secret', token: '토큰' };
/** Never aborted. */
export const NEVER = new AbortController().signal;

const opened: Connection[] = [];

/** Makes a connection to the endpoint at {@link PATH}. `closeAll` closes it. */
export function connect(baseUrl: string, options: Partial<ConnectionOptions> = {}): Connection {
	const url = endpointOf(new URL(baseUrl), PATH);
	const connection = new Connection({ url, timeoutMs: 5000, ...options });
	opened.push(connection);
	return connection;
}

/** Closes all connections and servers. For `afterEach`. */
export async function closeAll(): Promise<void> {
	await Promise.all(opened.splice(0).map(async (connection) => await connection.close()));
	await closeServers();
}

/**
 * Sends one request, and checks that it leaves no socket: after an answer once the connection is closed, otherwise by itself.
 * Checks too that nothing reached the server if the exchange is `unwritten`.
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
