import { BlockList, isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether this computer alone reaches an IP address. */
export function isLoopback(address: string): boolean {
	return LOOPBACK.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Whether an address to listen on stands for all that this computer has. */
export function isEverywhere(address: string): boolean {
	return address === '0.0.0.0' || address === '::';
}

/** What Docker calls the computer that it runs on. */
export const DOCKER_HOST = 'host.docker.internal';

/** The names and IP addresses by which programs, in containers too, may call this computer. */
export function namesOfThisComputer(): string[] {
	const addresses = Object.values(networkInterfaces()).flatMap((its = []) =>
		its.map(({ address }) => address),
	);
	return [...new Set(['localhost', '127.0.0.1', '::1', DOCKER_HOST, hostname(), ...addresses])];
}
