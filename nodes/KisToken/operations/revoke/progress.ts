import type { Logger } from 'n8n-workflow';

import { REVOKE_OUTCOMES } from '../../../../kis/reply/revokeOutcome';
import type { Revocation } from '../../../../kis/revoke/revocation';
import type { RevokeOptions } from '../../../../kis/revoke/revoker';
import { summary } from '../../report/summary';

const INTERVAL_MS = 10_000;

/** Returns a listener that logs the progress of a long batch: counts only, every ten seconds at most. */
export function progressLog(logger: Logger): RevokeOptions['onResult'] {
	const settled: Revocation[] = [];
	let toldAt = Date.now();
	return (revocation, tokens) => {
		settled.push(revocation);
		if (Date.now() - toldAt < INTERVAL_MS) return;
		toldAt = Date.now();
		logger.info(
			`KIS Token: ${settled.length} of ${tokens} tokens done. ${summary(settled, REVOKE_OUTCOMES)}`,
		);
	};
}
