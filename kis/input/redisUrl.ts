import { InvalidInput } from './invalidInput';

const DEFAULT_PORT = 6379;
/** Keeps the keys apart from those of other programs in the same database. */
const DEFAULT_PREFIX = 'n8n-kis:';
/** No braces: Redis Cluster would read them as a hash tag. */
const PREFIX = /^[\w:.@/-]{1,100}$/;
const DATABASE = /^\/?(\d{1,5})?$/;

/** The parts of the credential's Redis URL. */
export interface RedisUrl {
	readonly isTls: boolean;
	/** A host name or an IP address, without brackets. */
	readonly host: string;
	readonly port: number;
	/** `null` for Redis's default user. */
	readonly username: string | null;
	/** `null` for none. */
	readonly password: string | null;
	/** 0 if the URL names none. */
	readonly database: number;
	/** Starts the name of every key. */
	readonly prefix: string;
}

/**
 * Reads a `redis://` or `rediss://` (TLS) URL: a host, and optionally port, user, password, database number and
 * `?prefix=`. Ignores surrounding white space.
 *
 * @see https://www.iana.org/assignments/uri-schemes/prov/redis
 */
export function parseRedisUrl(text: string): RedisUrl | InvalidInput {
	const trimmed = text.trim();
	if (/[\s\\\p{C}]/u.test(trimmed)) {
		return new InvalidInput(
			'the Redis URL contains white space, a control character or a backslash',
			'Retype it, with special characters percent-encoded.',
		);
	}
	if (!/^rediss?:\/\/[^/?#]/i.test(trimmed) || !URL.canParse(trimmed)) {
		return new InvalidInput(
			'the Redis URL is not a complete address such as redis://redis.example:6379',
			'Write redis://, or rediss:// for TLS, then user:password@ if Redis wants them, and the host. Write special characters in the password percent-encoded ("@" as %40, "/" as %2F, "#" as %23).',
		);
	}
	const { protocol, hostname, port, username, password, pathname, hash, searchParams } = new URL(
		trimmed,
	);
	const user = decoded(username);
	const word = decoded(password);
	if (user === null || word === null || hostname === '' || hash !== '') {
		return new InvalidInput(
			'the Redis URL cannot be read',
			'Write special characters in user and password percent-encoded ("%" as %25, "#" as %23).',
		);
	}
	const database = DATABASE.exec(pathname);
	if (!database) {
		return new InvalidInput(
			'the Redis URL names a database that is not a number',
			'Write the number after the host, as in redis://redis.example:6379/2, or leave it out.',
		);
	}
	const prefix = searchParams.get('prefix') ?? DEFAULT_PREFIX;
	const isKnown = [...searchParams.keys()].every((name, i) => name === 'prefix' && i === 0);
	if (!isKnown || !PREFIX.test(prefix)) {
		return new InvalidInput(
			'the Redis URL has something after "?" that is not prefix= and 1 to 100 letters, digits or any of _ : . @ / -',
			'Correct the prefix, or end the address before the "?".',
		);
	}
	return {
		isTls: protocol === 'rediss:',
		host: hostname.replace(/^\[(.*)\]$/, '$1'),
		port: port === '' ? DEFAULT_PORT : Number(port),
		username: user || null,
		password: word || null,
		database: Number(database[1] ?? 0),
		prefix,
	};
}

/** Returns the URL as people are shown it: without user and password. */
export function nameOfRedis({ isTls, host, port }: RedisUrl): string {
	return `${isTls ? 'rediss' : 'redis'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function decoded(part: string): string | null {
	try {
		return decodeURIComponent(part);
	} catch {
		return null;
	}
}
