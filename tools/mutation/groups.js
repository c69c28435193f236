/** Which files are mutated, and which tests have to notice: few, so that each mutant takes seconds. */
exports.GROUPS = {
	input: {
		mutate: ['kis/input/{accessToken,baseUrl,credential,environments,invalidInput,json}.ts'],
		tests: ['kis/accessToken', 'kis/baseUrl', 'kis/credential', 'properties/(acc|base|cred)'],
	},
	replies: {
		mutate: [
			'kis/reply/{answerRule,attempt,errorCodes,httpAnswers,koreanTime,reply,verdict}.ts',
			'kis/revoke/revocation.ts',
		],
		tests: [
			'kis/(revocation|errorCodes|koreanTime)',
			'properties/(reply|errorCodes)',
			'docs/tables',
		],
	},
	outcomes: {
		mutate: ['kis/reply/{revokeOutcome,retry}.ts'],
		tests: ['kis/revokeOutcome', 'kis/retry', 'properties/(revokeOutcome|retry)'],
	},
	secrets: {
		mutate: ['kis/secrets/*.ts', 'kis/turns.ts'],
		tests: ['kis/(secretGuard|turns)', 'properties/secretGuard'],
	},
	sending: {
		mutate: [
			'kis/http/{connection,requestWatch}.ts',
			'kis/memory/revokeHistory.ts',
			'kis/revoke/{revoker,revokeTokens,batchStop,workers}.ts',
		],
		tests: ['kis/(connection|revokeHistory|requestWatch|revokeTokens)'],
	},
	issue: {
		mutate: ['kis/issue/*.ts'],
		tests: ['kis/(issueToken|sharedCall)', 'node/issue'],
	},
	keptToken: {
		mutate: ['kis/{keptToken,liveness}/*.ts', 'kis/memory/{deadTokens,revokeMarks}.ts'],
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
			'kis/reply/explanation.ts',
			'nodes/KisToken/report/*.ts',
			'nodes/KisToken/operations/*/*Report.ts',
			'nodes/KisToken/operations/issue/outcomes.ts',
			'nodes/KisToken/operations/revoke/reason.ts',
		],
		tests: ['node/(revocationReport|issue)', 'properties/report'],
	},
	node: {
		mutate: [
			'nodes/KisToken/*.ts',
			'nodes/KisToken/host/*.ts',
			'nodes/KisToken/operations/*.ts',
			'nodes/KisToken/operations/{fields,inspect}/*.ts',
			'nodes/KisToken/operations/issue/{issue,options,reportKeptOrIssued,storedHint}.ts',
			'nodes/KisToken/operations/revoke/{options,progress,revoke}.ts',
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
