import type { RedisUrl } from '../../kis/input/redisUrl';
import { redisUrl } from './redis';
import { startServer, type Answer, type ScriptedServer } from './scriptedServer';

/** What a Redis says of itself if it was started a day ago. */
export const INFO = bulk(`# Server\r\nrun_id:${'a1'.repeat(20)}\r\nuptime_in_seconds:86400\r\n`);
export const OK = '+OK\r\n';

export function bulk(text: string): string {
	return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

/** A server on this computer that answers as a test says where a real Redis would not. `closeServers` ends it. */
export class RedisDouble {
	/** The commands that have arrived: each its name, in capitals, and what follows. */
	readonly commands: string[][] = [];
	/** Replies by a command's name; the first is used up, the last stays. Without any, a command succeeds. */
	readonly replies: Record<string, Answer[]> = { INFO: [INFO] };
	#server: ScriptedServer | null = null;

	async start(): Promise<this> {
		this.#server = await startServer({
			connected: (socket) => {
				let pending = '';
				socket.on('data', (chunk: Buffer) => {
					pending += chunk.toString('latin1');
					for (let read = readCommand(pending); read; read = readCommand(pending)) {
						pending = pending.slice(read.length);
						const reply = this.#replyTo(read.command);
						if (typeof reply === 'function') reply(socket);
						else socket.write(reply);
					}
				});
			},
		});
		return this;
	}

	get server(): ScriptedServer {
		if (!this.#server) throw new Error('not started');
		return this.#server;
	}

	/** @param rest As in `/2?prefix=kis:`. */
	url(rest = '', keys = ''): RedisUrl {
		return redisUrl(`redis://${keys}127.0.0.1:${this.server.port}${rest}`);
	}

	/** How often a command of this name has arrived. */
	count(name: string): number {
		return this.commands.filter(([it]) => it === name).length;
	}

	#replyTo([name, ...rest]: string[]): Answer {
		const command = name.toUpperCase();
		this.commands.push([command, ...rest]);
		const replies = this.replies[command] ?? [OK];
		return (replies.length > 1 ? replies.shift() : replies[0]) ?? OK;
	}
}

/** An array of bulk strings, as every client writes a command. */
function readCommand(text: string): { command: string[]; length: number } | null {
	const head = /^\*(\d+)\r\n/.exec(text);
	if (!head) return null;
	let at = head[0].length;
	const command: string[] = [];
	for (let i = 0; i < Number(head[1]); i++) {
		const size = /^\$(\d+)\r\n/.exec(text.slice(at));
		if (!size) return null;
		const start = at + size[0].length;
		const end = start + Number(size[1]);
		if (text.length < end + 2) return null;
		command.push(text.slice(start, end));
		at = end + 2;
	}
	return { command, length: at };
}
