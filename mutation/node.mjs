import { optionsFor } from './options.mjs';

/** What n8n and its users see. */
export default optionsFor(
	'node',
	['{nodes,credentials}/**/*.ts', 'kis/http/{egress,transportCodes}.ts'],
	['test/node', 'test/properties/report', 'test/package/readme'],
	// Most are what the panel shows: a test of those would say the same words again.
	['StringLiteral'],
);
