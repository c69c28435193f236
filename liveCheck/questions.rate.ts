import type { Evidence } from './evidence';
import { distinct, NOBODY_KNOWS, type Finding, type Question } from './finding';
import type { StepName } from './steps';

const SECOND_MS = 1000;
const BURSTS = ['revokes', 'revokesAtOnce', 'quotes', 'quoteBehindRevoke'] as const;

/** How many of a burst were refused as too many, of how many that were answered. */
function count(evidence: Evidence, step: StepName) {
	const answers = evidence.answers(step);
	const refused = answers.filter(({ verdict }) => verdict === 'tooMany');
	const exchanges = evidence.exchanges(step);
	// Two that were sent and answered within a second cannot both be within paper's limit.
	const [first = Infinity, second = Infinity] = exchanges
		.map(({ endedAt }) => endedAt)
		.sort(byNumber);
	const started = Math.min(...exchanges.map(({ sentAt }) => sentAt), first);
	const isQuick = second - started < SECOND_MS;
	const seconds = (Math.max(...exchanges.map(({ endedAt }) => endedAt)) - started) / SECOND_MS;
	return {
		refused,
		/** All were answered, fast enough for the limit to be met. */
		isTelling: exchanges.length > 0 && answers.length === exchanges.length && isQuick,
		says:
			exchanges.length === 0
				? evidence.whyNone(step)
				: `${refused.length} of ${exchanges.length} refused with EGW00201, ${answers.length} answered, within ${seconds.toFixed(2)} s`,
	};
}

const byNumber = (a: number, b: number) => a - b;

function revokesCount(evidence: Evidence): Finding {
	const [inARow, atOnce, quotes] = (['revokes', 'revokesAtOnce', 'quotes'] as const).map((step) =>
		count(evidence, step),
	);
	const { says } = inARow;
	if (inARow.refused.length + atOnce.refused.length > 0) return { says, value: true };
	// Only where the limit holds for quotes does it mean anything that revokes do not meet it.
	const isTelling = quotes.refused.length > 0 && inARow.isTelling && atOnce.isTelling;
	return isTelling ? { says, value: false } : { says: `${says}; quotes: ${quotes.says}` };
}

function separateConnections(evidence: Evidence): Finding {
	const inARow = count(evidence, 'revokes');
	const { says, refused, isTelling } = count(evidence, 'revokesAtOnce');
	if (!isTelling || !inARow.isTelling) return { says };
	const agrees = refused.length > 0 === inARow.refused.length > 0;
	const noSwitch = `revokes meet the limit on ${refused.length > 0 ? 'separate connections' : 'one connection'} only`;
	return { says, agrees, ...(!agrees && { noSwitch }) };
}

function sharedCount(evidence: Evidence): Finding {
	const { value } = revokesCount(evidence);
	const { says, refused, isTelling } = count(evidence, 'quoteBehindRevoke');
	if (!isTelling || value === undefined) return { says };
	const isShared = refused.length > 0;
	const noSwitch = isShared
		? 'revokes are never too many themselves, but a quote right behind one is'
		: 'revokes are counted, but apart from quotes';
	return { says, agrees: isShared, ...(isShared !== value && { noSwitch }) };
}

function refusals(evidence: Evidence) {
	return BURSTS.flatMap((step) => count(evidence, step).refused);
}

function rateRefusalStatus(evidence: Evidence): Finding {
	const statuses = distinct(refusals(evidence).map(({ status }) => status));
	if (statuses.length === 0) return { says: 'EGW00201 never came' };
	const says = statuses.join(', ');
	const noSwitch = `the status of EGW00201 varies (${says})`;
	return { says, value: statuses[0], ...(statuses.length > 1 && { noSwitch }) };
}

function retryAfter(evidence: Evidence): Finding {
	const values = distinct(
		refusals(evidence).map(({ headers }) => headers['retry-after'] ?? 'none'),
	);
	return { says: values.map((value) => evidence.show(value)).join(', ') || 'EGW00201 never came' };
}

/** About the requests per second. */
export const rateQuestions: readonly Question[] = [
	{
		question: '3 quotes in a row on one connection (do they meet the limit?)',
		assumed: 'EGW00201',
		read: (evidence) => {
			const { says, refused, isTelling } = count(evidence, 'quotes');
			return { says, ...(isTelling && { agrees: refused.length > 0 }) };
		},
	},
	{
		question: '3 revokes in a row on one connection',
		about: 'oauthCounts',
		read: revokesCount,
	},
	{
		question: '3 revokes at once on separate connections',
		assumed: 'as on one connection',
		read: separateConnections,
	},
	{
		question: 'a quote right behind a revoke',
		assumed: 'EGW00201: one count for both',
		read: sharedCount,
	},
	{ question: 'HTTP status of EGW00201', about: 'rateRefusalStatus', read: rateRefusalStatus },
	{ question: 'Retry-After with EGW00201', assumed: NOBODY_KNOWS, read: retryAfter },
];
