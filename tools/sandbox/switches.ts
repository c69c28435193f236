/**
 * Where nobody knows, or only one observation tells, what KIS does, the sandbox can be told. The first value of each
 * switch is the default: the likeliest reading of what is known.
 */
export const SWITCHES = {
	/** HTTP status of a refused revoke. */
	revokeRefusalStatus: [403, 500, 200, 400, 401],
	/** Shape of a refused revoke. */
	revokeRefusalShape: ['oauth2', 'uapi'],
	/** Revoking a token that was revoked before. */
	revokedToken: ['EGW00121', 'EGW00122', 'EGW00123', 'success'],
	/** Revoking a token that has expired. */
	expiredToken: ['EGW00123', 'EGW00121', 'EGW00122', 'success'],
	/** Revoking another app key's token: even where the answer is a success, the token is left alone. */
	foreignToken: ['EGW00121', 'EGW00122', 'EGW00123', 'success'],
	/** Revoking what was never a token. RFC 7009, section 2.2, allows a success. */
	unknownToken: ['EGW00121', 'EGW00122', 'success'],
	/** Which is refused if both the key pair and the token are wrong. */
	checkedFirst: ['key', 'token'],
	/** Issuing within six hours after a revoke. */
	issueAfterRevoke: ['newToken', 'sameToken'],
	/** Whether /oauth2 requests count against the requests per second. */
	oauthCounts: [true, false],
	/** HTTP status of EGW00201. */
	rateRefusalStatus: [500, 200],
	/** How `code` of a confirmed revoke is written: KIS's page calls it a text, and optional. */
	successCode: ['number', 'text', 'absent'],
} as const;

export type Switches = {
	-readonly [Name in keyof typeof SWITCHES]: (typeof SWITCHES)[Name][number];
};

export function defaultSwitches(): Switches {
	return Object.fromEntries(
		Object.entries(SWITCHES).map(([name, [first]]) => [name, first]),
	) as unknown as Switches;
}

/** @throws {RangeError} for a switch or a value that is not in the table. */
export function setSwitches(switches: Switches, changes: Readonly<Record<string, unknown>>): void {
	for (const [name, value] of Object.entries(changes)) {
		const values: readonly unknown[] = Object.hasOwn(SWITCHES, name)
			? SWITCHES[name as keyof Switches]
			: [];
		if (!values.includes(value)) {
			throw new RangeError(`${name} has to be one of ${JSON.stringify(values)}`);
		}
		Object.assign(switches, { [name]: value });
	}
}
