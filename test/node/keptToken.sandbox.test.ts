// The token that the credential brings, against the sandbox, whose tokens may be short-lived, die elsewhere, or be given
// again after their death.
import { send } from '../support/httpRequest';
import { runNode, useSandbox } from '../support/workflow';

const MINUTE = 60_000;
const QUOTE = '/uapi/domestic-stock/v1/quotations/inquire-price';

let now = Date.now();
beforeEach(() => {
	now = Date.now();
	jest.spyOn(Date, 'now').mockImplementation(() => now);
});
afterEach(() => jest.restoreAllMocks());

const sandbox = useSandbox(() => ({ tokenLifeMs: 60 * MINUTE }));
const host = () => ({ keys: sandbox().apps[0], url: sandbox().url });
const quote = async () => (await send(host(), { url: sandbox().url + QUOTE })).answers[0];
const write = async () =>
	(await send(host(), { url: `${sandbox().url}/uapi/order`, method: 'POST' })).errors[0].message;
const calls = (path: string) =>
	sandbox()
		.calls.filter(({ path: called }) => called.split('?')[0] === path)
		.map(({ result }) => result);
const ANSWERED = { rt_cd: '0' };
/** Revokes the token as another program would. */
const endElsewhere = async () => {
	const { keys, url } = host();
	const issued = await fetch(`${url}/oauth2/tokenP`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ grant_type: 'client_credentials', ...keys }),
	});
	const { access_token } = (await issued.json()) as { access_token: string };
	await fetch(`${url}/oauth2/revokeP`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ ...keys, token: access_token }),
	});
};

test('for hours with tokens that live an hour: one issue per token, and every quote is answered', async () => {
	for (let minute = 0; minute < 200; minute += 9) {
		expect(await quote()).toMatchObject(ANSWERED);
		now += 9 * MINUTE;
	}
	// 54 minutes each.
	expect(calls('/oauth2/tokenP')).toEqual(Array(4).fill('200'));
});

test('a token that died elsewhere is replaced', async () => {
	await quote();
	await endElsewhere();
	now += 11 * MINUTE;
	expect(await quote()).toMatchObject(ANSWERED);
	expect(calls('/oauth2/tokenP')).toHaveLength(3);
});

test('a dead token that KIS gives again is named in the error, and no other is requested', async () => {
	sandbox().kis.switches.issueAfterRevoke = 'sameToken';
	await quote();
	await endElsewhere();
	now += 11 * MINUTE;
	for (let i = 0; i < 3; i++) {
		expect(await write()).toMatch(
			/^The request was not sent: KIS gave access token [0-9a-f]{12}, which is dead\. No other is requested before 20/,
		);
	}
	expect(calls('/oauth2/tokenP')).toHaveLength(3);
});

test('revoked by the node within a minute of its issue: the next request says to wait', async () => {
	await quote();
	const { items } = await runNode(sandbox(), {
		input: [{}],
		node: { parameters: { operation: 'revoke', tokenSource: 'credential' } },
	});
	expect(items[0].json.code).toBe('200');
	expect(await write()).toContain('only once a minute');
	now += 62_000;
	expect(await quote()).toMatchObject(ANSWERED);
	expect(calls('/oauth2/tokenP')).toEqual(['200', 'EGW00133', '200']);
});
