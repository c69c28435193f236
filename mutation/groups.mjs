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
	reports: {
		mutate: ['nodes/KisToken/report/*.ts', 'kis/http/transportCodes.ts'],
		tests: ['properties/(report|errorCodes)', 'node/outcomes', 'node/batch', 'node/execution'],
	},
	node: {
		mutate: ['nodes/KisToken/{*.ts,operations/*.ts}', 'kis/http/egress.ts'],
		tests: ['node/(batch|execution|egress|outcomes)', 'properties/credential', 'package/readme'],
	},
	credential: {
		mutate: ['credentials/*.ts'],
		tests: ['node/credential', 'attack/credential'],
	},
};
