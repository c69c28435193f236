/** A rule that the product keeps, and an edit by which it no longer does. */
export interface Break {
	/** The rule. */
	readonly rule: string;
	readonly file: string;
	/** Stands in the file once. */
	readonly from: string;
	readonly to: string;
	/** Only the trading worlds can show it, and are played alone. */
	readonly inTrading?: true;
	/** The test that sees it, where the experiment cannot draw what the rule is about. */
	readonly seenBy?: string;
}

const RULE = 'kis/reply/ruleOf.ts';
const REPLY = 'kis/reply/reply.ts';
const CODES = 'kis/reply/errorCodes.ts';
const STATUSES = 'kis/reply/httpAnswers.ts';
const REVOCATION = 'kis/revoke/revocation.ts';
const OUTCOME = 'kis/reply/revokeOutcome.ts';
const REVOKE_BATCH = 'kis/revoke/revokeTokens.ts';
const BATCH_STOP = 'kis/revoke/batchStop.ts';
const REVOKE_HISTORY = 'kis/memory/revokeHistory.ts';
const DEAD = 'kis/memory/deadTokens.ts';
const NODE_REVOKE = 'nodes/KisToken/operations/revoke/revoke.ts';
const RETRY_AFTER = 'kis/http/retryAfter.ts';
const RETRY = 'kis/reply/retry.ts';
const PACED = 'kis/rateLimit/pacedRequest.ts';
const REFUSAL_STREAK = 'kis/rateLimit/refusalStreak.ts';
const WATCH = 'kis/http/requestWatch.ts';
const ISSUANCE = 'kis/issue/issuance.ts';

const REPEATS = 'credentials/repeats.ts';
const ISSUE_CALL = 'kis/issue/issueToken.ts';
const LIVENESS = 'kis/liveness/askIfAlive.ts';
const CHECK = 'kis/keptToken/checkToken.ts';
const KEPT = 'kis/keptToken/keptToken.ts';
const KEPT_OR_ISSUED = 'kis/keptToken/keptOrIssued.ts';
const NEXT_STEP = 'kis/keptToken/nextStep.ts';
const ISSUE_HOLD = 'kis/keptToken/issueHold.ts';

/** Every row by itself has to be noticed. */
export const BREAKS: readonly Break[] = [
	// What confirms.
	{
		rule: 'only HTTP 200 confirms, not 202',
		file: RULE,
		from: 'if (httpStatus !== CONFIRMS)',
		to: 'if (httpStatus < 200 || httpStatus > 299)',
	},
	{
		rule: 'a confirmation is a readable JSON object',
		file: RULE,
		from: 'if (!reply?.isUtf8) return OPEN_ANSWERS.unreadable;',
		to: 'if (!reply) return null;',
	},
	{
		rule: 'a confirmation has a `code`',
		file: REVOCATION,
		from: 'statedStatus === null ? OPEN_ANSWERS.withoutCode : null',
		to: 'statedStatus === null ? null : null',
	},
	{
		rule: 'the `code` of a confirmation is 200',
		file: RULE,
		from: '?? OPEN_ANSWERS.neither;\n\t}',
		to: 'as never;\n\t}',
	},
	{
		rule: 'sign of refusal: `error…` with content',
		file: REPLY,
		from: 'if (NAMES_A_FAILURE.test(name)) return !isBlank(value);',
		to: '',
	},
	{
		rule: 'sign of refusal: `success` false',
		file: REPLY,
		from: 'return value !== null && !/^(true|1|y|yes|ok)$/.test(word);',
		to: 'return false;',
	},
	{
		rule: 'sign of refusal: a `status` or `result` that is no known word of success',
		file: REPLY,
		from: 'return isNested || !SUCCESS.test(word);',
		to: 'return false;',
	},
	{
		rule: 'sign of refusal: `rt_cd` other than 0',
		file: REPLY,
		from: "value !== null && word !== '0'",
		to: 'false',
	},
	{
		rule: 'sign of refusal: a gateway code in any field',
		file: REPLY,
		from: "typeof value === 'string' && MENTIONS_GATEWAY_CODE.test(value)",
		to: 'false',
	},
	{
		rule: 'a confirmation that is not UTF-8 confirms nothing',
		file: RULE,
		from: 'if (!reply?.isUtf8) return OPEN_ANSWERS.unreadable;',
		to: 'if (!reply) return OPEN_ANSWERS.unreadable;',
	},
	{
		rule: "a confirmation about another app key's token is doubted",
		file: REVOCATION,
		from: 'isIssuedTo(token, appkey) === false',
		to: 'false',
	},
	{
		rule: 'a confirmation about a cut-off token is doubted',
		file: REVOCATION,
		from: "if (isCutOff(token)) return 'cutOff';",
		to: '',
	},
	{
		rule: 'a confirmation about a text that cannot be a token is doubted',
		file: REVOCATION,
		from: "looksLikeToken(token) && !isBrokenJwt ? null : 'notAToken'",
		to: 'null',
		seenBy: 'test/kis/revocation.test.ts',
	},
	{
		rule: 'a refusal inside a success counts as well',
		file: REPLY,
		from: 'objectsIn(fields).some(',
		to: '[fields].some(',
	},
	{
		rule: 'a confirmation about a token that names nobody is taken',
		file: REVOCATION,
		from: 'isIssuedTo(token, appkey) === false',
		to: 'isIssuedTo(token, appkey) !== true',
	},
	{
		rule: 'a doubtful confirmation is not repeated',
		file: RETRY,
		from: 'if (attempt.rule) return attempt.rule.retry ?? null;',
		to: "if (attempt.verdict === 'unprovenConfirmation') return {};\n\tif (attempt.rule) return attempt.rule.retry ?? null;",
	},
	{
		rule: 'no verdict, then invalid: `revoked`',
		file: OUTCOME,
		from: 'mayBeRevoked && token.whole && token.expired === false',
		to: 'false',
	},
	{
		rule: 'invalid at first: `alreadyInvalid`',
		file: OUTCOME,
		from: 'mayBeRevoked && token.whole && token.expired === false',
		to: 'true',
	},
	{
		rule: 'no verdict, then invalid about a token of others: `unknown`',
		file: OUTCOME,
		from: 'return whole || knownDead;',
		to: 'return true;',
	},
	{
		rule: 'no verdict, then a refusal: `unknown`',
		file: OUTCOME,
		from: "if (mayBeRevoked) return 'unknown';",
		to: '',
	},
	{
		rule: '"expired" about a token that has not: `rejected`',
		file: OUTCOME,
		from: '(whole && expired === true) || knownDead',
		to: 'whole || knownDead',
	},
	{
		rule: 'nor does "expired", asked for a quote, make one dead that has not',
		file: OUTCOME,
		from: "if (verdict === 'expiredToken' && expired !== true) return 'unknown';",
		to: '',
	},

	// Where knowledge counts.
	{
		rule: 'what a host said counts for that host',
		file: DEAD,
		from: 'isWholeTokenOf(token, appkey) ? host',
		to: "isWholeTokenOf(token, appkey) ? 'anywhere'",
	},
	{
		rule: 'the same, of a token that is not wholly ours',
		file: DEAD,
		from: '`${host}\\n${appkey}`',
		to: '`anywhere\\n${appkey}`',
	},
	{
		rule: 'what was said of a token of others counts for one credential',
		file: DEAD,
		from: '`${host}\\n${appkey}`',
		to: 'host',
		seenBy: 'test/kis/deadTokens.test.ts',
	},
	{
		rule: 'two spellings of an address are one host',
		file: DEAD,
		from: 'addressOf(baseUrl)',
		to: 'baseUrl.href',
	},
	{
		rule: 'what was learnt counts in later executions',
		file: DEAD,
		from: 'this.#scopesOf(token).includes(scopeOf(token, credential))',
		to: 'false',
	},
	{
		rule: 'an unusable node knows what its execution knows of the token',
		file: NODE_REVOKE,
		from: 'isToken(token) ? recall(token) : null',
		to: 'null',
	},
	{
		rule: 'an unusable node knows that of no other token',
		file: NODE_REVOKE,
		from: ': reportNotSent(invalid);',
		to: ": reportStanding({ outcome: 'unknown', decisive: left?.decisive as never }, invalid);",
	},
	{
		rule: 'a node with an unusable option does not take another host for its own',
		file: NODE_REVOKE,
		from: ': revokeHistory.recall(execution, token, credential)',
		to: ': revokeHistory.recallForRun(execution, token, run)',
	},
	{
		rule: 'what another host said does not count where the credential cannot be used',
		file: REVOKE_HISTORY,
		from: "{ ...sent[0][1], outcome: 'unknown' }",
		to: 'sent[0][1]',
		seenBy: 'test/node/unusable.test.ts',
	},
	{
		rule: 'what the same credential was told counts for a later try that cannot read it',
		file: REVOKE_HISTORY,
		from: 'if (withCredential) return',
		to: "if (withCredential?.[1].outcome === 'unknown') return",
		seenBy: 'test/node/unusable.test.ts',
	},
	{
		rule: 'a credential that has changed says nothing of its host once it cannot be used',
		file: REVOKE_HISTORY,
		from: 'before === undefined || before === key ? key : null',
		to: 'key',
		seenBy: 'test/kis/revokeHistory.test.ts',
	},
	{
		rule: 'the token that an unreadable credential keeps may be one that was sent',
		file: NODE_REVOKE,
		from: 'token === credential && hasSent',
		to: 'token === null && hasSent',
		seenBy: 'test/node/unusable.test.ts',
	},
	{
		rule: 'the first try has found the token, also if the second cannot read the credential',
		file: 'nodes/KisToken/operations/fields/tokenField.ts',
		from: 'found.lastKept = token;',
		to: '',
		seenBy: 'test/node/unusable.test.ts',
	},
	{
		rule: 'a second try goes on from where the first left it',
		file: REVOKE_HISTORY,
		from: 'byCredential?.get(keyOf(credential)) ?? null',
		to: 'null',
	},
	{
		rule: 'what the execution revoked stays `revoked`',
		file: OUTCOME,
		from: "if (before === 'revoked') return before;",
		to: '',
	},
	{
		rule: 'an execution forgets by count, not by the clock',
		file: REVOKE_HISTORY,
		from: 'return byCredential?.get(keyOf(credential)) ?? null;',
		to: '// Two hours.\n\t\tif (Date.now() > (token.claims?.expiresAt ?? Infinity)) return null;\n\t\treturn byCredential?.get(keyOf(credential)) ?? null;',
		seenBy: 'test/kis/revokeHistory.test.ts',
	},
	{
		rule: '*Issue* passes on what is dead elsewhere only',
		file: DEAD,
		from: 'isWholeTokenOf(token, appkey) ? host',
		to: "isWholeTokenOf(token, appkey) ? 'anywhere'",
		seenBy: 'test/node/issue.test.ts',
	},

	// What refuses.
	{
		rule: 'a listed code decides, whatever the status',
		file: RULE,
		from: 'if (listed !== undefined &&',
		to: 'if (listed !== undefined && [200, 400, 401, 403, 500].includes(httpStatus) &&',
	},
	{
		rule: 'a listed code of a fault of KIS is no verdict',
		file: CODES,
		from: "EGW00301: {\n\t\tmeaning: 'noVerdict',",
		to: "EGW00301: {\n\t\tmeaning: 'refused',",
	},
	{
		rule: 'two listed codes contradict each other',
		file: RULE,
		from: 'if (another !== undefined)',
		to: 'if (another === null)',
		seenBy: 'test/kis/revocation.test.ts',
	},
	{
		rule: 'HTTP 429 refuses, whatever the body',
		file: RULE,
		from: 'if (httpStatus === TOO_MANY_REQUESTS)',
		to: 'if (httpStatus === TOO_MANY_REQUESTS && reply)',
		seenBy: 'test/tools/truth/answers.test.ts',
	},
	{
		rule: 'HTTP 5xx: a code makes it no better',
		file: RULE,
		from: 'if (!rule) return OPEN_ANSWERS.otherStatus;',
		to: "if (!rule) return httpStatus > 499 && reply?.codes.length ? { meaning: 'refused', happened: '', todo: '' } : OPEN_ANSWERS.otherStatus;",
	},
	{
		rule: 'a 4xx that is not in the table is no verdict',
		file: RULE,
		from: 'if (!rule) return OPEN_ANSWERS.otherStatus;',
		to: "if (!rule) return httpStatus < 500 && reply ? { meaning: 'refused', happened: '', todo: '' } : OPEN_ANSWERS.otherStatus;",
	},
	{
		rule: 'a 4xx of the table refuses, with a JSON object',
		file: RULE,
		from: '? OPEN_ANSWERS.contradiction : rule;',
		to: '? OPEN_ANSWERS.contradiction : OPEN_ANSWERS.otherStatus;',
	},
	{
		rule: 'a 4xx of the table refuses with an unlisted code, too',
		file: RULE,
		from: 'contradictsRefusal(reply.statedStatus) ?',
		to: 'reply.codes.length > 0 ?',
	},
	{
		rule: 'a 4xx without a JSON object is no verdict',
		file: RULE,
		from: 'if (!reply || !(reply.isUtf8',
		to: 'if (!reply) return rule;\n\tif (!(reply.isUtf8',
	},
	...([400, 401, 403, 404, 405, 411, 413, 414, 415, 422, 431] as const).map((status) => ({
		rule: `HTTP ${status} is in the table`,
		file: STATUSES,
		from: `\t${status}: {\n\t\tmeaning: 'refused',`,
		to: `\t${status}: {\n\t\tmeaning: 'noVerdict',`,
		seenBy: 'test/tools/truth/answers.test.ts',
	})),
	{
		rule: '`code` 200 on another status contradicts itself',
		file: RULE,
		from: 'contradictsRefusal(reply.statedStatus) ?',
		to: 'Number(reply.statedStatus) < 0 ?',
	},
	{
		rule: 'on HTTP 200, `code` is read by the same table',
		file: RULE,
		from: 'refusingStatus(statedStatus) ?? OPEN_ANSWERS.neither',
		to: 'OPEN_ANSWERS.neither',
	},
	{
		rule: 'on HTTP 200, a `code` that is not in the table is no verdict',
		file: RULE,
		from: '?? OPEN_ANSWERS.neither;\n\t}',
		to: "?? { meaning: 'refused', happened: '', todo: '' };\n\t}",
	},
	{
		rule: 'on HTTP 200, an unlisted `error_code` is no verdict',
		file: RULE,
		from: 'hasSignOfRefusal ? OPEN_ANSWERS.neither',
		to: "hasSignOfRefusal ? { meaning: 'refused', happened: '', todo: '' }",
	},
	{
		rule: 'the code of a refusal is read in letters that are not UTF-8',
		file: REPLY,
		from: 'asUtf8 ?? decodeObject(body, BYTES)',
		to: 'asUtf8',
	},

	// When to wait, and when to end.
	{
		rule: '`Retry-After` is waited for',
		file: RETRY_AFTER,
		from: 'retryAfter === null ||',
		to: 'retryAfter !== undefined ||',
	},
	{
		rule: '`Retry-After` may be a date',
		file: RETRY_AFTER,
		from: 'theirs === null ? null : Math.max',
		to: 'theirs !== undefined ? null : Math.max',
	},
	{
		rule: '`Retry-After` delays everyone on the app key',
		file: PACED,
		from: 'limiter.pause(pauseLeft(attempt));',
		to: 'limiter.pause(0);',
		seenBy: 'test/kis/revokeTokens.end.test.ts',
	},
	{
		rule: 'nothing is sent again after a `Retry-After` of more than 60 s',
		file: RETRY,
		from: 'return pause !== null && pause.isTooLong;',
		to: 'return false;',
		seenBy: 'test/kis/retry.test.ts',
	},
	{
		rule: '`Retry-After` makes no answer repeatable',
		file: RETRY,
		from: 'if (attempt.rule) return attempt.rule.retry ?? null;',
		to: 'if (attempt.pause) return {};\n\tif (attempt.rule) return attempt.rule.retry ?? null;',
		seenBy: 'test/kis/retry.test.ts',
	},
	{
		rule: 'an answer that settles no token ends the batch',
		file: BATCH_STOP,
		from: '>= UNDECIDED_TOKENS',
		to: '>= Infinity',
	},
	{
		rule: 'but not before 8 tokens',
		file: BATCH_STOP,
		from: 'const UNDECIDED_TOKENS = 8;',
		to: 'const UNDECIDED_TOKENS = 1;',
	},
	{
		rule: 'a rate refusal that stands ends the batch',
		file: REFUSAL_STREAK,
		from: '>= LONG_MS',
		to: '>= Infinity',
	},
	{
		rule: 'but not before 10 s',
		file: REFUSAL_STREAK,
		from: 'const LONG_MS = 10_000;',
		to: 'const LONG_MS = 0;',
		seenBy: 'test/kis/rateLimiter.test.ts',
	},

	// What Issue passes on: the experiment issues nothing.
	{
		rule: '*Issue* passes on no word in the place of a token',
		file: 'kis/input/accessToken.ts',
		from: 'const MIN_TOKEN_LENGTH = 20;',
		to: 'const MIN_TOKEN_LENGTH = 1;',
		seenBy: 'test/kis/issueToken.test.ts',
	},
	{
		rule: '*Issue* passes on nothing that is cut off',
		file: ISSUANCE,
		from: "if (isCutOff(token)) return 'cutOff';",
		to: '',
		seenBy: 'test/kis/issueToken.test.ts',
	},
	{
		rule: '*Issue* counts expiry by the right clock',
		file: ISSUANCE,
		from: 'Date.now() + clockAheadMs',
		to: 'Date.now()',
		seenBy: 'test/kis/issueToken.test.ts',
	},

	// Orders, the kept token, Issue and Inspect.
	{
		rule: 'an order is not repeated after HTTP 401',
		file: REPEATS,
		from: 'if (original && !isRead(request)) {',
		to: 'if (false && original && !isRead(request)) {',
		inTrading: true,
	},
	{
		rule: 'a token that is known to be dead is not brought again',
		file: KEPT,
		from: 'grant && flawOf(grant, credential) === null ?',
		to: "grant && [null, 'dead'].includes(flawOf(grant, credential)) ?",
		inTrading: true,
	},
	{
		rule: 'what KIS calls invalid, asked for a quote, is dead',
		file: CHECK,
		from: 'if (alive === false) deadTokens.add(token, credential);',
		to: '',
		inTrading: true,
	},
	{
		rule: 'a token is not brought beyond its end',
		file: KEPT,
		from: 'grant && flawOf(grant, credential) === null ?',
		to: "grant && [null, 'expired'].includes(flawOf(grant, credential)) ?",
		inTrading: true,
	},
	{
		rule: 'a token is renewed before its end',
		file: 'kis/keptToken/renewal.ts',
		from: 'Math.max(due > now ? due : end,',
		to: 'Math.max(end,',
		inTrading: true,
	},
	{
		rule: 'a token that is good is not replaced',
		file: NEXT_STEP,
		from: 'mayCall && kept.isDue(now) &&',
		to: 'mayCall &&',
		inTrading: true,
	},
	{
		rule: 'a token that names another app key is not brought',
		file: KEPT,
		from: "if (issuance.outcome === 'issued') return this.#keep(issuance.grant, now);",
		to: "if ('grant' in issuance) return this.#keep(issuance.grant, now);",
		seenBy: 'test/kis/bringToken.hold.test.ts',
	},
	{
		rule: 'no token is requested for a minute after an answer was lost',
		file: ISSUE_HOLD,
		from: "outcome === 'unknown' ||",
		to: '',
		inTrading: true,
	},
	{
		rule: 'nor after KIS refused for its one a minute',
		file: ISSUE_HOLD,
		from: '(isLimited(decisive) || ',
		to: '(',
		seenBy: 'test/kis/bringToken.issue.test.ts',
	},
	{
		rule: '*Issue* does not repeat a request whose answer was lost',
		file: ISSUE_CALL,
		from: "if (attempt.verdict === 'noVerdict' || isLimited(attempt)) {",
		to: 'if (isLimited(attempt)) {',
		inTrading: true,
	},
	{
		rule: '*Issue* calls a lost answer unknown, not refused',
		file: ISSUANCE,
		from: "if (unanswered) return { outcome: 'unknown', attempts, decisive: unanswered };",
		to: "if (unanswered) return { outcome: 'rejected', attempts, decisive: unanswered };",
		inTrading: true,
	},
	{
		rule: '*Issue* asks whether the kept token is alive',
		file: KEPT_OR_ISSUED,
		from: 'await checkKept(credential, token, options);',
		to: 'null as Awaited<ReturnType<typeof checkKept>>;',
		inTrading: true,
	},
	{
		rule: 'a refused question does not make a token dead',
		file: LIVENESS,
		from: "refused: 'undecided',",
		to: "refused: 'invalid',",
		inTrading: true,
	},
	{
		rule: 'nor does a lost one',
		file: LIVENESS,
		from: "noVerdict: 'undecided',",
		to: "noVerdict: 'invalid',",
		inTrading: true,
	},
	{
		rule: 'nor does "invalid" of another app key\'s token',
		file: CHECK,
		from: 'invalid: (meansDead) => (meansDead ? false : null),',
		to: 'invalid: () => false,',
		inTrading: true,
	},
	{
		rule: 'nor does "expired" of one that is not over',
		file: CHECK,
		from: "attempt.verdict !== 'expiredToken' || expiryAt(token, [attempt]) === true",
		to: 'attempt !== null',
		seenBy: 'test/node/inspect.asking.test.ts',
	},
	{
		rule: 'only a quote shows that a token is alive',
		file: LIVENESS,
		from: 'return fields.rt_cd === undefined || fields.rt_cd === null ? OPEN_ANSWERS.withoutQuote : null;',
		to: 'return fields === undefined ? OPEN_ANSWERS.withoutQuote : null;',
		seenBy: 'test/kis/revokeTokens.question.test.ts',
	},
	{
		rule: 'a message names a token by its fingerprint',
		file: 'credentials/notSentErrors.ts',
		from: 'message: `KIS gave access token ${name}, which',
		to: 'message: `KIS gave access token ${grant.token.value}, which',
		inTrading: true,
	},
	{
		rule: 'a token is not brought while it is being revoked',
		file: NEXT_STEP,
		from: "if (isBeingRevoked(token, credential)) return refuse({ because: 'beingRevoked' });",
		to: '',
		seenBy: 'test/kis/bringToken.revoked.test.ts',
	},

	// What was promised before.
	{
		rule: 'a request that was written may have been processed',
		file: WATCH,
		from: 'this.#written\n\t\t\t\t? {',
		to: 'this.#written && !isReset(transportCode)\n\t\t\t\t? {',
	},
	{
		rule: 'the same, where the user pressed Stop',
		file: WATCH,
		from: 'this.#written\n\t\t\t\t? {',
		to: 'this.#written && transportCode !== CANCELLED\n\t\t\t\t? {',
	},
	{
		rule: 'a confirmation is `revoked`',
		file: OUTCOME,
		from: "if (verdict === 'confirmed') return 'revoked';",
		to: "if (verdict === 'confirmed') return 'unknown';",
	},
	{
		rule: 'a refusal is `rejected`',
		file: OUTCOME,
		from: ": 'rejected';",
		to: ": 'unknown';",
	},
	{
		rule: 'each item has the outcome of its own token',
		file: NODE_REVOKE,
		from: 'revocations.get(token.fingerprint)',
		to: '[...revocations.values()].at(-1)',
	},
	{
		rule: 'an unusable text is not sent',
		file: 'kis/input/accessToken.ts',
		from: 'if (/[\\s\\p{C}]/u.test(value)) {',
		to: 'if (/\\s/.test(value)) return parseAccessToken(value.split(/\\s/)[0]);\n\tif (/[\\s\\p{C}]/u.test(value)) {',
	},
	{
		rule: 'certificates are verified',
		file: 'kis/http/connection.ts',
		from: 'rejectUnauthorized: true',
		to: 'rejectUnauthorized: false',
	},
	{ rule: 'no connection is left', file: REVOKE_BATCH, from: 'void connection.close();', to: '' },
];
