import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { makeApp, type App } from '../../sandbox/apps';
import { Sandbox } from '../../sandbox/server';

/** Of one app key. */
export interface Tokens {
	readonly app: App;
	readonly tokens: readonly string[];
}

/** Lends `work` a server over plain http that answers each revoke with success, and never times out a slow client. */
export async function withPlainKis<T>(work: (url: string) => Promise<T>): Promise<T> {
	const server = createServer((request, response) => {
		request.resume().on('end', () => {
			response.setHeader('content-type', 'application/json');
			response.end('{"code":200,"message":"접근토큰 폐기에 성공하였습니다"}');
		});
	});
	Object.assign(server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
	try {
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	} finally {
		server.close();
	}
}

/** Tokens as KIS's are, of which no server knows. */
export function makeTokens(count: number): Tokens {
	const app = makeApp();
	const { kis } = new Sandbox({ apps: [app] });
	return { app, tokens: Array.from({ length: count }, () => kis.mint(app.appkey).value) };
}
