const { default: Sequencer } = require('@jest/test-sequencer');

/** From quick to slow: some draw much, some load n8n's engine, the last wait for real seconds to pass. */
const SLOW = [
	/properties/,
	/connection|issueToken|revokeTokens|secretGuard/,
	/(attack|node)\//,
	/volume|sharing|Tokens\.rate|shared(Kept|Limit|Store|Tokens)\.test/,
];

/** Most of what is broken is found by a quick test. */
module.exports = class QuickFirst extends Sequencer {
	sort(tests) {
		const slowness = ({ path }) => SLOW.findLastIndex((pattern) => pattern.test(path));
		return [...tests].sort((a, b) => slowness(a) - slowness(b));
	}
};
