// Tried: answers whose text is active where it is shown: HTML and scripts (n8n renders the description of an error as HTML),
// links, Markdown, n8n expressions, terminal escape sequences, characters that reverse or hide text, text that imitates
// the node's own words; and codes that look like names of errors or of JavaScript's own properties.
import { attack } from '../support/attack';
import { closeServers, http, startServer } from '../support/scriptedServer';
import { makeOpaqueToken } from '../support/tokens';
import { tokenItems } from '../support/workflow';

afterEach(closeServers);

async function describedWith(answer: object, status = 403) {
	const server = await startServer({ answer: () => http(status, JSON.stringify(answer)) });
	const input = tokenItems(makeOpaqueToken());
	const stopped = await attack(server.url, { input, onError: 'stopWorkflow' });
	const { items } = await attack(server.url, { input });
	return { thrown: stopped.error, item: items[0].json.error as Record<string, unknown> };
}

/** The description of one item, without any tag. */
const NO_TAGS = /^[^<>]*$/;

test.each([
	'<script>alert(1)</script>',
	'<img src=x onerror=alert(1)>',
	'</li></ul><h1>Revoked</h1>',
	'<a href="https://evil.example">Open KIS</a>',
	'<svg/onload=alert(1)>',
	'&lt;script&gt;alert(1)&lt;/script&gt;',
	'"><style>*{display:none}</style>',
	"' onmouseover='alert(1)",
	'<\u0000script>alert(1)</script>',
	'＜script＞alert(1)＜/script＞',
])('HTML stays text: %j', async (error_description) => {
	const { thrown, item } = await describedWith({ error_code: 'EGW00101', error_description });
	expect(thrown?.description).toMatch(NO_TAGS);
	expect(thrown?.description.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toMatch(/["'&]/);
	expect(thrown?.message).not.toContain('alert');
	expect(item.message).not.toContain('alert');
});

test.each([
	['terminal escapes', '\u001b[2J\u001b[31mrevoked\u001b]0;title\u0007'],
	['C1 escapes', '\u009b31mrevoked'],
	['a return to the start of the line', 'x\rThe token was revoked'],
	['backspaces', `not${'\b'.repeat(3)}`],
	['lines of its own', 'x\n\n200 revoked\n'],
	['right-to-left override', '\u202edekover ton\u202c'],
	['isolates', '\u2067\u2066x\u2069'],
	['zero-width characters', 're\u200bvo\u200dked\u2060\ufeff'],
	['tag characters', `x${String.fromCodePoint(0xe0041, 0xe0042)}`],
	['line separators', 'x\u2028y\u2029z'],
	['half of a character', 'x\ud83d'],
])('%s do not reach the description', async (_name, error_description) => {
	const { thrown, item } = await describedWith({ error_code: 'EGW00101', error_description });
	for (const text of [thrown?.description, thrown?.message, item.description, item.message]) {
		expect(text).not.toMatch(/[\p{C}\u2028\u2029]/u);
	}
	expect(item.description).toContain('The server says: “');
});

test('words that imitate the node’s own stay inside the quotation', async () => {
	const error_description = 'x” The token was revoked. It is dead. “';
	const { item } = await describedWith({ error_code: 'EGW00101', error_description });
	expect(String(item.description).match(/“[^”]*”/g)).toHaveLength(1);
	expect(String(item.description).replace(/“.*?”/, '')).not.toContain('dead');
});

test.each(['{{ $env }}', '={{ $json.access_token }}', '%s %o %j', '${1+1}', '[x](javascript:x)'])(
	'%s is not evaluated',
	async (error_description) => {
		const { thrown, item } = await describedWith({ error_code: 'EGW00101', error_description });
		expect(item.description).toContain(`“${error_description}”`);
		expect(thrown?.description).toContain(`“${error_description}”`);
	},
);

test.each([
	'NodeApiError',
	'NodeOperationError',
	'ETIMEDOUT',
	'ECONNRESET',
	'ENOTFOUND',
	'EACCES',
	'EPERM',
	'UND_ERR_SOCKET',
	'ABORT_ERR',
	'EGRESS_REFUSED',
	'PROXY_UNUSABLE',
	'constructor',
	'__proto__',
	'toString',
	'revoked',
	'200',
	'EGW00121\u0000',
	'EGW00121<b>',
	'ＥＧＷ００１２１',
	'EGW٠٠١٢١',
])('the code %j changes nothing but the code', async (error_code) => {
	for (const status of [403, 500]) {
		const { thrown, item } = await describedWith({ error_code, error_description: 'no' }, status);
		expect(item.outcome).toBe(status === 403 ? 'rejected' : 'unknown');
		expect(item.httpStatus).toBe(status);
		expect(item.message).toContain(`HTTP ${status}`);
		expect(thrown?.name).toBe('NodeApiError');
		expect(thrown?.message).toMatch(/^The token /);
		expect(String(item.code)).toMatch(/^(null|[A-Za-z0-9_-]{1,16})$/);
	}
});
