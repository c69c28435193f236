/** Live trading, KIS's simulation of it, or any other address that speaks KIS's protocol. */
export type EnvironmentName = 'real' | 'paper' | 'custom';

export interface Environment {
	/** Shown to users, with KIS's own term. */
	readonly label: string;
	/** KIS's address; `null` if the user supplies one. */
	readonly baseUrl: string | null;
	/** Requests per account that KIS accepts in any second, by its notice of 2026-04-20. */
	readonly requestsPerSecond: number;
	/** The most that a user may set instead. */
	readonly maxRequestsPerSecond: number;
}

/** All addresses and limits that KIS may change. */
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

/** KIS issues one token per app key and minute. The extra second covers network delay. */
export const ISSUE_INTERVAL_MS = 61_000;

export function isEnvironmentName(name: unknown): name is EnvironmentName {
	return typeof name === 'string' && Object.hasOwn(ENVIRONMENTS, name);
}
