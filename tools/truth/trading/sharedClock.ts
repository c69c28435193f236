import { Redis } from 'ioredis';

/** Redis has its own clock, by which workers tell how old a kept token is. */
const MAKE_OLDER = `
	for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
		if redis.call('HEXISTS', key, 'writtenAt') == 1 then
			redis.call('HINCRBY', key, 'writtenAt', '-' .. ARGV[2])
		end
	end
`;

/** Where a world's processes share what they know, apart from other worlds. */
export function redisUrlFor(redisUrl: string, world: string): string {
	return `${redisUrl}/0?prefix=${prefixOf(world)}`;
}

/** Lets what a world keeps in Redis grow older by so much. A Redis that is away keeps nothing. */
export async function ageKept(
	redisUrl: string,
	world: string,
	milliseconds: number,
): Promise<void> {
	const { hostname, port } = new URL(redisUrl);
	const redis = new Redis({
		host: hostname,
		port: Number(port),
		lazyConnect: true,
		retryStrategy: () => null,
		maxRetriesPerRequest: 0,
	});
	redis.on('error', () => undefined);
	try {
		await redis.connect();
		const age = String(Math.round(milliseconds));
		await redis.eval(MAKE_OLDER, 0, `${prefixOf(world)}*kept:*`, age);
	} catch {
		// It will be empty when it is back.
	} finally {
		redis.disconnect();
	}
}

function prefixOf(world: string): string {
	return `${world.replaceAll('/', '-')}:`;
}
