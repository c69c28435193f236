/** Which files are mutated, and which tests have to notice: few, so that each mutant takes seconds. */
exports.GROUPS = {
	input: {
		mutate: ['kis/input/{accessToken,baseUrl,credential,invalidInput,json,redisUrl}.ts'],
		tests: [
			'kis/(accessToken|baseUrl|credential|deadTokens|redisUrl|revocation|revokeHistory)',
			'properties/(acc|base|cred|json)',
		],
	},
	replies: {
		mutate: ['kis/reply/{attempt,koreanTime,reply,ruleOf}.ts', 'kis/revoke/revocation.ts'],
		tests: [
			'kis/(revocation|errorCodes|koreanTime|issueToken|revokeTokens\\.attempts|revokeTokens\\.clocks)',
			'properties/(reply|errorCodes)',
			'docs/tables',
		],
	},
	tables: {
		mutate: [
			'kis/http/transportCodes.ts',
			'kis/input/environments.ts',
			'kis/reply/{answerRule,errorCodes,httpAnswers}.ts',
		],
		tests: [
			'kis/(baseUrl|connection.keepAlive|connection.unwritten|credential|errorCodes|revocation)',
			'properties/errorCodes',
			'docs/tables',
		],
		withStatic: true,
	},
	outcomes: {
		mutate: ['kis/reply/{revokeOutcome,retry}.ts', 'kis/http/{exchange,retryAfter}.ts'],
		tests: ['kis/(revokeOutcome|retry|revocation)', 'properties/(revokeOutcome|retry)'],
	},
	secrets: {
		mutate: ['kis/secrets/*.ts', 'kis/turns.ts'],
		tests: ['kis/(secretGuard|turns)', 'properties/secretGuard'],
	},
	sending: {
		mutate: [
			'kis/http/{connection,requestWatch}.ts',
			'kis/memory/revokeHistory.ts',
			'kis/reply/serverClock.ts',
			'kis/revoke/{revoker,revokeTokens,batchStop,senders}.ts',
		],
		tests: ['kis/(batchStop|connection|revokeHistory|requestWatch|revokeTokens|senders)'],
	},
	issue: {
		mutate: ['kis/issue/*.ts'],
		tests: ['kis/(issueToken|sharedCall)', 'node/issue'],
	},
	keptToken: {
		mutate: [
			'kis/keptToken/{bringToken,checkToken,keptOrIssued,sharedWork}.ts',
			'kis/keptToken/{issueHold,keptState,keptStateCodec,keptToken,nextStep,renewal}.ts',
			'kis/liveness/*.ts',
			'kis/memory/{deadTokens,revokeMarks}.ts',
			'kis/waiting.ts',
		],
		tests: [
			'kis/(askIfAlive|bringToken|deadTokens|keptDecisions|keptState|revokeMarks|sharedWork|waiting)',
			'node/keptToken',
		],
	},
	keptShare: {
		mutate: ['kis/keptToken/{issueUnderLease,keptShare,sharedKept}.ts'],
		// Other processes run the build, which is not what is broken.
		tests: ['kis/(bringToken.workers|keptShare|sharedKept|sharedReplies)'],
	},
	pacing: {
		mutate: ['kis/rateLimit/*.ts'],
		tests: [
			'kis/(admission|limitConstants|pacedRequest|rateLimiter|requestEnd|sharedLimit|sharedReplies)',
			'properties/rateLimiter',
		],
	},
	sharing: {
		mutate: ['kis/redis/*.ts', 'kis/memory/shared*.ts'],
		tests: [
			'kis/(redisClient|redisErrors|redisNames|seal)',
			'kis/shared(Marks|Replies|Store|Tokens)',
		],
		// The tests of two workers load the modules anew; no other would be asked of what runs then.
		withStatic: true,
	},
	network: {
		mutate: ['kis/http/{egress,proxy}.ts'],
		tests: ['kis/connection.unwritten', 'node/(egress|proxy)'],
	},
	reports: {
		mutate: [
			'kis/reply/explanation.ts',
			'nodes/KisToken/report/*.ts',
			'nodes/KisToken/operations/*/*Report.ts',
			'nodes/KisToken/operations/issue/outcomes.ts',
			'nodes/KisToken/operations/revoke/reason.ts',
		],
		tests: [
			'node/(askBeforeUnknown|batch|execution|issue|outcomes|revocationReport|sharing)',
			'properties/report',
		],
	},
	host: {
		mutate: ['nodes/KisToken/host/{egressRules,expressionReason}.ts'],
		tests: ['node/(egress|expressions)'],
	},
	fields: {
		mutate: [
			'nodes/KisToken/*.ts',
			'nodes/KisToken/host/input.ts',
			'nodes/KisToken/operations/*.ts',
			'nodes/KisToken/operations/{fields,inspect}/*.ts',
		],
		tests: [
			'docs/tables',
			'properties/credential',
			'node/(batch|egress|execution|expressions|hints|inspect|keptToken|operation)',
		],
	},
	issueInNode: {
		mutate: ['nodes/KisToken/operations/issue/{issue,options,reportKeptOrIssued,storedHint}.ts'],
		tests: ['docs/tables', 'node/(egress|hints|issue|keptToken|sharing)'],
	},
	revokeInNode: {
		mutate: [
			'nodes/KisToken/host/execution.ts',
			'nodes/KisToken/operations/revoke/{options,progress,revoke}.ts',
		],
		tests: ['docs/tables', 'node/(askBeforeUnknown|batch|execution|issue.secrets|unusable)'],
	},
	credential: {
		mutate: [
			'credentials/{KisApi.credentials,authenticate,plainData,refusalOfConnection}.ts',
			'credentials/{requestHeaders,requestTarget}.ts',
		],
		tests: [
			'attack/(answerStream|credential|request|vouching)',
			'node/credential\\b',
			'properties/credential',
		],
	},
	tokenInRequest: {
		mutate: ['credentials/{bringAuthorization,notSentErrors,pacing,repeats}.ts'],
		tests: ['node/(bringToken|notSentErrors|pacing)'],
	},
	credentialTest: {
		mutate: ['nodes/KisToken/credentialTest/*.ts'],
		tests: ['attack/vouching', 'node/(credentialTest|egress)'],
	},
};

/** Returns what the path of a test file has to match, as Jest wants it. */
exports.pathsOf = (test) => `/test/${test}.*\\.test\\.ts$`;
