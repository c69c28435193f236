import type { Attempt } from '../../../kis/attempt';
import { isListed, lookUpCode } from '../../../kis/errorCodes';
import { explainTransportCode } from '../../../kis/http/transportCodes';

export interface Explanation {
	/** A clause, without a full stop. */
	readonly happened: string;
	/** How to get unstuck: sentences; empty where there is nothing to do. */
	readonly todo: string;
}

const CHECK_ADDRESS =
	'Check the Base URL of the KIS API credential and the relay or proxy in between. If KIS is called directly, see whether it announced maintenance (점검).';

/** What an attempt met. */
export function explain({
	verdict,
	refusalCode,
	transportCode,
	httpStatus,
	text,
}: Attempt): Explanation {
	if (refusalCode !== null) {
		const { happened, todo } = lookUpCode(refusalCode);
		// n8n replaces a message that holds the name of a system fault, which an unlisted code may be.
		return { happened: isListed(refusalCode) ? `${happened} (${refusalCode})` : happened, todo };
	}
	if (transportCode !== null) return explainTransportCode(transportCode);
	return { happened: `the server answered HTTP ${httpStatus} ${unclear()}`, todo: CHECK_ADDRESS };

	function unclear(): string {
		if (verdict === 'refused') return 'without an error code of KIS';
		return text === null
			? 'with what cannot be read as an answer of KIS'
			: 'and says neither yes nor no';
	}
}
