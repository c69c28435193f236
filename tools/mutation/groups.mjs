/** What is broken, and where the tests are that have to find it: few, so that each break takes seconds. */
export const GROUPS = {
	input: {
		mutate: ['kis/{accessToken,baseUrl,credential,environments,unusable}.ts'],
		tests: ['kis/accessToken', 'kis/baseUrl', 'kis/credential', 'properties/(acc|base|cred)'],
	},
	replies: {
		mutate: ['kis/{reply,attempt,json,errorCodes,koreanTime}.ts', 'kis/revoke/revocation.ts'],
		tests: [
			'kis/(revocation|errorCodes|koreanTime)',
			'properties/(reply|errorCodes)',
			'docs/tables',
		],
	},
	outcomes: {
		mutate: ['kis/retry.ts', 'kis/revoke/outcome.ts'],
		tests: ['kis/outcome', 'kis/retry', 'properties/(outcome|retry)'],
	},
	secrets: {
		mutate: ['kis/{secretGuard,readings,turns}.ts'],
		tests: ['kis/(secretGuard|turns)', 'properties/secretGuard'],
	},
	sending: {
		mutate: ['kis/http/{connection,requestWatch}.ts', 'kis/revoke/{revokeTokens,tokenMemory}.ts'],
		tests: ['kis/(connection|requestWatch|revokeTokens|tokenMemory)'],
	},
	issue: {
		mutate: ['kis/issue/*.ts'],
		tests: ['kis/(issueToken|sharedCall)', 'node/issue'],
	},
	keptToken: {
		mutate: ['kis/{keptToken,liveness}/*.ts'],
		tests: ['kis/bringToken', 'node/keptToken'],
	},
	pacing: {
		mutate: ['kis/rateLimit/*.ts'],
		tests: ['kis/rateLimiter', 'kis/revokeTokens.rate', 'properties/rateLimiter'],
	},
	network: {
		mutate: ['kis/http/{transportCodes,egress,proxy}.ts'],
		tests: ['properties/errorCodes', 'kis/connection.unwritten', 'node/(outcomes|egress|proxy)'],
	},
	reports: {
		mutate: [
			'nodes/KisToken/report/*.ts',
			'nodes/KisToken/operations/{issue,revoke}/{report,reason}.ts',
		],
		tests: ['node/(report|issue)', 'properties/report'],
	},
	node: {
		mutate: [
			'nodes/KisToken/{*.ts,operations/*.ts,operations/{issue,revoke}/{issue,revoke,options}.ts}',
		],
		tests: [
			'properties/credential',
			'docs/tables',
			'node/(batch|execution|inspect|issue|keptToken)',
		],
	},
	credential: {
		mutate: ['credentials/*.ts'],
		tests: ['node/(credential|bringToken)', 'attack/(credential|requestTarget)'],
	},
};
