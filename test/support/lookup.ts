import dns from 'node:dns';
import { isIPv6, type LookupFunction } from 'node:net';

/** Resolves every name to these addresses, in this order. */
export function lookupOf(...addresses: readonly string[]): LookupFunction {
	const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
	return (_name, { all }, answer) =>
		all ? answer(null, found) : answer(null, found[0].address, found[0].family);
}

/** Makes every name resolve to this computer, until `jest.restoreAllMocks`. Start servers before. */
export function resolveAllHere(): void {
	jest.spyOn(dns, 'lookup').mockImplementation(lookupOf('127.0.0.1') as typeof dns.lookup);
}
