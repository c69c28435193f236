import { optionsFor, SENDING } from './options.mjs';

/** What reads what users, tokens and KIS give, and weighs it. */
export default optionsFor(
	'reading',
	['kis/*.ts', ...SENDING.map((file) => `!${file}`)],
	[
		...['accessToken', 'baseUrl', 'credential', 'errorCodes', 'outcome', 'retry', 'revocation'],
		...['secretGuard', 'connection.unwritten'],
	]
		.map((name) => `test/kis/${name}.test`)
		.concat('test/properties', 'test/package/readme'),
);
