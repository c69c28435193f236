const { TestEnvironment } = require('jest-environment-node');

/** Skips the rest of a file after its first failure: it would tell nothing more. */
module.exports = class FailFast extends TestEnvironment {
	#failed = false;

	handleTestEvent(event) {
		if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.#failed = true;
		if (event.name === 'test_start' && this.#failed) event.test.mode = 'skip';
	}
};
