/** What is broken, and where the tests are that have to find it: few, so that each break takes seconds. */
export const GROUPS = {
	input: {
		mutate: ['kis/{accessToken,baseUrl,credential,environments,unusable}.ts'],
		tests: ['kis/accessToken', 'kis/baseUrl', 'kis/credential', 'properties/(acc|base|cred)'],
	},
	replies: {
		mutate: ['kis/{reply,revocation,json,errorCodes}.ts'],
		tests: ['kis/revocation', 'kis/errorCodes', 'properties/(reply|errorCodes)', 'package/readme'],
	},
	outcomes: {
		mutate: ['kis/{outcome,retry}.ts'],
		tests: ['kis/outcome', 'kis/retry', 'properties/(outcome|retry)'],
	},
	secrets: {
		mutate: ['kis/{secretGuard,partIndex,readings}.ts'],
		tests: ['kis/secretGuard', 'properties/secretGuard'],
	},
	sending: {
		mutate: ['kis/http/{connection,requestWatch}.ts', 'kis/{revokeTokens,tokenMemory}.ts'],
		tests: ['kis/(connection|requestWatch|revokeTokens|tokenMemory)'],
	},
	pacing: {
		mutate: ['kis/rateLimiter.ts'],
		tests: ['kis/rateLimiter', 'kis/revokeTokens.rate', 'properties/rateLimiter'],
	},
	network: {
		mutate: ['kis/http/{transportCodes,egress}.ts'],
		tests: ['properties/errorCodes', 'kis/connection.unwritten', 'node/(outcomes|egress)'],
	},
	reports: {
		mutate: ['nodes/KisToken/report/*.ts'],
		tests: ['node/report', 'properties/report'],
	},
	node: {
		mutate: ['nodes/KisToken/{*.ts,operations/*.ts}'],
		tests: ['properties/credential', 'package/readme', 'node/(batch|execution)'],
	},
	credential: {
		mutate: ['credentials/*.ts'],
		tests: ['node/credential', 'attack/credential'],
	},
};
