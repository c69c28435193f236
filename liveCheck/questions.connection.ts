import type { Evidence } from './evidence';
import { NOBODY_KNOWS, type Finding, type Question } from './finding';

/** Headers whose values cannot tell anything of the account. */
const HARMLESS = [
	'connection',
	'content-type',
	'keep-alive',
	'retry-after',
	'server',
	'transfer-encoding',
];

function headers(evidence: Evidence): Finding {
	const [exchange] = evidence.exchanges('garbage');
	if (!exchange || typeof exchange.came === 'string') return { says: evidence.whyNone('garbage') };
	const { httpVersion, headers } = exchange.came;
	const shown = Object.entries(headers)
		.sort()
		.map(([name, value]) =>
			evidence.show(HARMLESS.includes(name) ? `${name}: ${String(value)}` : name),
		);
	return { says: [`HTTP/${evidence.show(httpVersion)}`, ...shown].join('; ') };
}

function secondRequest(evidence: Evidence): Finding {
	const [exchange] = evidence.exchanges('issueAtOnce');
	if (!exchange) return { says: evidence.whyNone('issueAtOnce') };
	return { says: exchange.reused ? 'yes' : 'no', agrees: exchange.reused };
}

function idleConnection(evidence: Evidence): Finding {
	const [exchange] = evidence.exchanges('quoteBefore');
	if (!exchange?.idle) return { says: evidence.whyNone('quoteBefore') };
	const { ms, closed } = exchange.idle;
	const ending = closed ? 'the server closed it after' : 'still open after';
	const next =
		typeof exchange.came === 'string'
			? `got no answer (${evidence.show(exchange.came)})`
			: 'was answered';
	const where = exchange.reused ? 'on it' : 'on a new one';
	return { says: `${ending} ${(ms / 1000).toFixed(1)} s; the next request ${next} ${where}` };
}

/** About connections and headers. */
export const connectionQuestions: readonly Question[] = [
	{ question: 'headers of a refused revoke', assumed: NOBODY_KNOWS, read: headers },
	{
		question: 'does a second request use the same connection?',
		assumed: 'yes',
		read: secondRequest,
	},
	{ question: 'a connection left idle for a minute', assumed: NOBODY_KNOWS, read: idleConnection },
];
