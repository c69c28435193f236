import { optionsFor, SENDING } from './options.mjs';

/** What sends, paces, repeats and remembers. */
export default optionsFor('sending', SENDING, [
	'test/kis/(connection|requestWatch|rateLimiter|revokeTokens|tokenMemory)',
	'test/properties/rateLimiter',
]);
