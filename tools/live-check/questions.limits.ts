import type { Evidence } from './evidence';
import {
	asAssumed,
	ofAnswer,
	type FactFinding,
	type Question,
	type SwitchFinding,
} from './questions';
import type { StepName } from './steps';

const SECOND_MS = 1000;
const BURSTS = ['revokes', 'revokesAtOnce', 'quotes', 'quoteBehindRevoke'] as const;

/** Headers whose values cannot tell anything of the account. */
const HARMLESS = /^(connection|content-type|keep-alive|retry-after|server|transfer-encoding)$/;

/** How many of a burst were refused as too many, of how many that were answered. */
function count(evidence: Evidence, step: StepName) {
	const first = evidence.first(step);
	const probed = evidence.probed(step);
	const answers = evidence.answers(step);
	const refused = answers.filter(({ reaction }) => reaction === 'tooMany');
	const started = Math.min(...probed.map(({ sentAt }) => sentAt));
	const ends = probed.map(({ endedAt }) => endedAt - started).sort((a, b) => a - b);
	const seconds = ((ends.at(-1) ?? 0) / SECOND_MS).toFixed(2);
	const lasting = answers.filter(({ reaction }) => reaction !== 'passing');
	const told = `${refused.length} of ${probed.length} refused with EGW00201, ${answers.length} answered, within ${seconds} s`;
	return {
		refused,
		/** All were answered for good, and two within a second, which cannot both be within paper's limit. */
		isTelling: lasting.length === probed.length && ends[1] < SECOND_MS,
		says: typeof first === 'string' ? first : told,
	};
}

function quotesCount(evidence: Evidence): FactFinding {
	const { says, refused, isTelling } = count(evidence, 'quotes');
	return { says, agrees: isTelling ? refused.length > 0 : undefined };
}

function revokesCount(evidence: Evidence): SwitchFinding {
	const [inARow, atOnce, quotes] = (['revokes', 'revokesAtOnce', 'quotes'] as const).map((step) =>
		count(evidence, step),
	);
	const { says } = inARow;
	if (inARow.refused.length + atOnce.refused.length > 0) return { says, value: true };
	// Only where the limit holds for quotes does it mean anything that revokes do not meet it.
	const isTelling = quotes.refused.length > 0 && inARow.isTelling && atOnce.isTelling;
	return isTelling ? { says, value: false } : { says: `${says}; quotes: ${quotes.says}` };
}

function atOnce(evidence: Evidence): FactFinding {
	const inARow = count(evidence, 'revokes');
	const { says, refused, isTelling } = count(evidence, 'revokesAtOnce');
	const isKnown = revokesCount(evidence).value !== undefined;
	if (!isKnown || !isTelling || !inARow.isTelling) return { says };
	const where = refused.length > 0 ? 'separate connections' : 'one connection';
	const agrees = refused.length > 0 === inARow.refused.length > 0;
	return asAssumed(says, agrees, `revokes meet the limit on ${where} only`);
}

function sharedCount(evidence: Evidence): FactFinding {
	const { value } = revokesCount(evidence);
	const { says, refused, isTelling } = count(evidence, 'quoteBehindRevoke');
	if (!isTelling || value === undefined) return { says };
	const isShared = refused.length > 0;
	const oddity = isShared
		? 'revokes are never too many themselves, but a quote right behind one is'
		: 'revokes are counted, but apart from quotes';
	return { says, agrees: isShared, noSwitch: isShared === value ? undefined : oddity };
}

function refusals(evidence: Evidence) {
	return BURSTS.flatMap((step) => count(evidence, step).refused);
}

function rateRefusalStatus(evidence: Evidence): SwitchFinding {
	const statuses = [...new Set(refusals(evidence).map(({ status }) => status))];
	const says = statuses.join(', ') || 'EGW00201 never came';
	const oddity = `the status of EGW00201 varies (${says})`;
	return { says, value: statuses[0], noSwitch: statuses.length > 1 ? oddity : undefined };
}

function retryAfter(evidence: Evidence): FactFinding {
	const values = refusals(evidence).map(({ headers }) => headers['retry-after'] ?? 'none');
	const shown = [...new Set(values)].map((value) => evidence.show(value));
	return { says: shown.join(', ') || 'EGW00201 never came' };
}

const headers = ofAnswer('garbage', (answer, _says, evidence) => {
	const shown = Object.entries(answer.headers)
		.sort()
		.map(([name, value]) => (HARMLESS.test(name) ? `${name}: ${String(value)}` : name));
	const parts = [`HTTP/${answer.httpVersion}`, ...shown].map((part) => evidence.show(part));
	return { says: parts.join('; ') };
});

function secondProbe(evidence: Evidence): FactFinding {
	const probed = evidence.first('garbage');
	if (typeof probed === 'string') return { says: probed };
	return { says: probed.reused ? 'yes' : 'no', agrees: probed.reused };
}

function idleConnection(evidence: Evidence): FactFinding {
	const probed = evidence.first('quoteBefore');
	if (typeof probed === 'string') return { says: probed };
	const { came, reused, idleMs, closed } = probed;
	const kept = closed ? 'the server closed it after' : 'still open after';
	const next = typeof came === 'string' ? `got no answer (${evidence.show(came)})` : 'was answered';
	const where = reused ? 'on it' : 'on a new one';
	const seconds = (idleMs / SECOND_MS).toFixed(1);
	return { says: `${kept} ${seconds} s; the next request ${next} ${where}` };
}

/** About the requests per second, headers and connections. */
export const limitQuestions: readonly Question[] = [
	{ question: '3 quotes in a row on one connection', assumed: 'EGW00201', read: quotesCount },
	{ question: '3 revokes in a row on one connection', about: 'oauthCounts', read: revokesCount },
	{
		question: '3 concurrent revokes on separate connections',
		assumed: 'as in a row',
		read: atOnce,
	},
	{ question: 'a quote right behind a revoke', assumed: 'one count for both', read: sharedCount },
	{ question: 'HTTP status of EGW00201', about: 'rateRefusalStatus', read: rateRefusalStatus },
	{ question: 'Retry-After with EGW00201', assumed: null, read: retryAfter },
	{ question: 'headers of a refused revoke', assumed: null, read: headers },
	{ question: 'does a second request use the same connection?', assumed: 'yes', read: secondProbe },
	{ question: 'a connection left idle for a minute', assumed: null, read: idleConnection },
];
