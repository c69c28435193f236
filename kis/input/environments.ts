/** What KIS calls an account's world: live trading or its simulation. `custom` is any other address that speaks KIS. */
export type EnvironmentName = 'real' | 'paper' | 'custom';

export interface Environment {
	/** Name shown to users, with KIS's own term. */
	readonly label: string;
	/** Where KIS serves it; `null` where the user supplies the address. */
	readonly baseUrl: string | null;
	/** Requests that KIS accepts per account in any second. Source: KIS's notice of 2026-04-20. */
	readonly requestsPerSecond: number;
	/** The most that a user may ask for instead. */
	readonly maxRequestsPerSecond: number;
}

/** The one place for addresses and limits. They are the broker's to change. */
export const ENVIRONMENTS = {
	real: {
		label: 'Real (실전투자)',
		baseUrl: 'https://openapi.koreainvestment.com:9443',
		requestsPerSecond: 18,
		maxRequestsPerSecond: 100,
	},
	paper: {
		label: 'Paper (모의투자)',
		baseUrl: 'https://openapivts.koreainvestment.com:29443',
		requestsPerSecond: 1,
		maxRequestsPerSecond: 100,
	},
	custom: {
		label: 'Custom (Relay or Sandbox)',
		baseUrl: null,
		requestsPerSecond: 18,
		maxRequestsPerSecond: 1_000_000,
	},
} as const satisfies Record<EnvironmentName, Environment>;

/** KIS issues a token to an app key once a minute; a second more, for the way there. */
export const ISSUE_INTERVAL_MS = 61_000;

export function isEnvironmentName(name: unknown): name is EnvironmentName {
	return typeof name === 'string' && Object.hasOwn(ENVIRONMENTS, name);
}
