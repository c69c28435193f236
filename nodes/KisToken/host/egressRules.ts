import type { IExecuteFunctions } from 'n8n-workflow';

import { EgressRefusal, type EgressRules } from '../../../kis/http/egress';

const UNCHECKED = 'The address could not be checked.';

const REFUSE_ALL: EgressRules = {
	async check() {
		throw new EgressRefusal(UNCHECKED);
	},
	lookup: (_hostname, _options, answer) => answer(new EgressRefusal(UNCHECKED), []),
};

/**
 * Returns n8n's rules for outgoing connections (its SSRF protection); `undefined` where n8n has none for nodes, as in 1.x.
 * If n8n fails to give its rules, the ones returned refuse every address.
 */
export function egressRules(context: IExecuteFunctions): EgressRules | undefined {
	try {
		const offered: Partial<IExecuteFunctions['helpers']> = context.helpers;
		const filter = offered.getSecureEgressFilter?.();
		if (!filter) return undefined;
		const secureLookup = filter.createSecureLookup();
		return {
			async check(url) {
				try {
					const result = await filter.validateUrl(url);
					if (!result.ok) throw result.error;
				} catch (error) {
					throw lookupFailureOrRefusal(error);
				}
			},
			lookup: (hostname, options, found) =>
				secureLookup(hostname, options, (error, ...address) =>
					found(error && lookupFailureOrRefusal(error), ...address),
				),
		};
	} catch {
		return REFUSE_ALL;
	}
}

/** n8n's filter fails with a refusal, or with a DNS failure, which is not a refusal. */
function lookupFailureOrRefusal(error: unknown): Error {
	if (isLookupFailure(error)) return error;
	const { message }: Partial<Error> = error ?? {};
	return new EgressRefusal(message ?? UNCHECKED);
}

/** Only an error of the system names a system call. */
function isLookupFailure(error: unknown): error is NodeJS.ErrnoException {
	const { syscall }: Partial<NodeJS.ErrnoException> = error ?? {};
	return syscall !== undefined;
}
