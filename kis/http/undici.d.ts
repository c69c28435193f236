// undici's index sets process-wide globals; these modules do not. undici ships types for its index only.
declare module 'undici/lib/dispatcher/proxy-agent.js' {
	import { ProxyAgent } from 'undici';
	export default ProxyAgent;
}
declare module 'undici/lib/dispatcher/client.js' {
	import { Client } from 'undici';
	export default Client;
}
declare module 'undici/lib/api/api-connect.js' {
	import type { Dispatcher } from 'undici';
	const connect: Dispatcher['connect'];
	export default connect;
}
declare module 'undici/lib/core/connect.js' {
	import type { Socket } from 'node:net';
	import { buildConnector } from 'undici';
	/** Also returns the socket immediately, which undici's own types leave out. */
	export default function connect(
		options: buildConnector.BuildOptions,
	): (options: buildConnector.Options, callback: buildConnector.Callback) => Socket;
}
