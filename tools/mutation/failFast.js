const { TestEnvironment } = require('jest-environment-node');

/** After the first failure nothing more is to be learnt of a file: its other tests are skipped. */
module.exports = class FailFast extends TestEnvironment {
	#failed = false;

	handleTestEvent(event) {
		if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.#failed = true;
		if (event.name === 'test_start' && this.#failed) event.test.mode = 'skip';
	}
};
