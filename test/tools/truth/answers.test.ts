// The experiment's own reading of answers, without which its judge would be worth nothing: against the cases that it was
// written for, against what is drawn, and against the node's reading of the same.
import { STATUS_CODES } from 'node:http';

import { KIS_CODES } from '../../../kis/reply/errorCodes';
import { parseExchange } from '../../../kis/reply/reply';
import { readRevocation } from '../../../kis/revoke/revocation';
import { SecretGuard } from '../../../kis/secrets/secretGuard';
import { TEXTS } from '../../../tools/sandbox/texts';
import type { Fault } from '../../../tools/sandbox/faults';
import {
	BELIEVED_STATUSES,
	drawAnswer,
	drawLongWait,
	drawStanding,
} from '../../../tools/truth/answers';
import { draw } from '../../../tools/truth/random';
import { readBytes, type Means } from '../../../tools/truth/reading';
import { makeAnswer } from '../../support/attempts';

const DRAWS = 3000;
const drawn = Array.from({ length: DRAWS }, (_, i) => drawAnswer((what) => draw(1, i, what)));

/** As it goes over the wire. */
function bytesOf({ status = 200, body = '', encoding, headers = {} }: Fault): Buffer {
	const bytes = Buffer.from(status === 204 ? '' : body, encoding);
	const lines = Object.entries({ ...headers, 'content-length': bytes.length }).map(
		([name, value]) => `${name}: ${value}\r\n`,
	);
	const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
	return Buffer.concat([Buffer.from(head), bytes]);
}
const read = async (fault: Omit<Fault, 'kind'>) =>
	await readBytes(bytesOf({ kind: 'raw', ...fault }));
const json = (status: number, fields: unknown) => ({ status, body: JSON.stringify(fields) });

test.each<[Means, number, unknown]>([
	['confirmed', 200, { code: 200, message: '접근토큰 폐기에 성공하였습니다.' }],
	['confirmed', 200, { code: '200' }],
	['none', 200, { message: 'Hello from Lambda!' }],
	['none', 200, { message: 'token not found' }],
	['none', 200, { success: false, message: 'no' }],
	['none', 200, { status: 'error', message: 'no' }],
	['none', 200, { errorCode: 'EGW00121', message: 'no' }],
	['none', 200, { rt_cd: '0', msg_cd: 'MCA00000', msg1: 'ERROR : no' }],
	['none', 200, { code: 200, result: 'IGW00777' }],
	['none', 202, { code: 200, message: 'queued' }],
	['none', 504, { error_code: 'HTTP504' }],
	['none', 502, { error_code: 'GW504' }],
	['none', 500, { error_code: 'EGW09999' }],
	['none', 504, { code: 408 }],
	['none', 408, { message: 'no' }],
	['none', 409, { error_code: 'EGW09999' }],
	['none', 499, {}],
	['none', 403, { code: 200 }],
	['none', 403, []],
	['none', 200, { error_code: 'EGW09999' }],
	['none', 200, { code: 408 }],
	['none', 403, { error_code: 'EGW00301' }],
	['refused', 403, { error_code: 'EGW09999' }],
	['refused', 404, {}],
	['refused', 200, { code: 403 }],
	['refused', 200, { code: '404', message: 'no' }],
	['refused', 504, { error_code: 'EGW00101' }],
	['refused', 429, '<html>'],
	['invalid', 200, { rt_cd: '1', msg_cd: 'EGW00121' }],
	['invalid', 502, { error_code: 'EGW00122' }],
	['expired', 500, { error_code: 'EGW00123' }],
])('%s: HTTP %i %j', async (means, status, fields) => {
	expect((await read(json(status, fields))).means).toBe(means);
});

test('what is not whole, compressed or no JSON says nothing', async () => {
	const whole = bytesOf({ kind: 'raw', ...json(200, { code: 200 }) });
	expect((await readBytes(whole)).means).toBe('confirmed');
	for (let length = 0; length < whole.length; length++) {
		expect((await readBytes(whole.subarray(0, length))).means).toBe('none');
	}
	const headers = { 'content-encoding': 'gzip' };
	expect((await read({ ...json(200, { code: 200 }), headers })).means).toBe('none');
});

test('Retry-After counts with 429 and 503, in seconds or as a date', async () => {
	const date = new Date(1e12).toUTCString();
	const later = new Date(1e12 + 5000).toUTCString();
	const answers: Array<Omit<Fault, 'kind'>> = [
		{ status: 429, headers: { 'retry-after': '7' } },
		{ status: 503, headers: { 'retry-after': later, date } },
		{ status: 503, headers: { 'retry-after': 'soon', date } },
		{ status: 500, headers: { 'retry-after': '7' } },
	];
	const waits = await Promise.all(answers.map(async (fault) => (await read(fault)).waitMs));
	expect(waits).toEqual([7000, 4000, 0, 0]);
});

test('knows the codes that the node knows', () => {
	expect(Object.keys(TEXTS).sort()).toEqual(Object.keys(KIS_CODES).sort());
});

describe('what is drawn', () => {
	test('never lies: a refusal that is believed was not processed, a confirmation was', async () => {
		for (const fault of drawn) {
			const { means } = await read(fault);
			expect([fault, means]).toEqual([
				fault,
				expect.stringMatching(fault.processed ? /none|confirmed/ : /none|refused/),
			]);
		}
	});

	test('has every kind', async () => {
		const found = await Promise.all(
			drawn.map(async (fault) => {
				const { means, rule } = await read(fault);
				return `${fault.status} ${means} ${rule} ${fault.processed ?? false}`;
			}),
		);
		const kinds = new Set(found);
		for (const status of BELIEVED_STATUSES) {
			expect(kinds).toContain(`${status} refused clientError false`);
			expect(kinds).toContain(`${status} none null true`);
			expect(kinds).toContain(`${status} none null false`);
		}
		for (const status of [200, 202, 408, 409, 499, 500, 502, 503, 504]) {
			expect(kinds).toContain(`${status} none null true`);
			expect(kinds).toContain(`${status} none null false`);
		}
		expect(kinds).toContain('200 refused codeInBody false');
		expect(kinds).toContain('200 refused listedCode false');
		expect(kinds).toContain('429 refused tooMany false');
	});

	test('is read by the node as by the judge', () => {
		const NODE_READS: Readonly<Record<string, Means>> = {
			confirmed: 'confirmed',
			refused: 'refused',
			noVerdict: 'none',
		};
		return Promise.all(
			drawn.map(async (fault) => {
				const { status = 200, body = '', encoding } = fault;
				const answer = makeAnswer(status, Buffer.from(status === 204 ? '' : body, encoding));
				const { verdict } = readRevocation(parseExchange(answer), new SecretGuard([]));
				expect([fault, NODE_READS[verdict]]).toEqual([fault, (await read(fault)).means]);
			}),
		);
	});

	test('asks to wait for longer than a minute where it is to end a batch', async () => {
		for (let i = 0; i < 50; i++) {
			const fault = drawLongWait((what) => draw(2, i, what));
			const headers = { ...fault.headers, date: new Date().toUTCString() };
			expect((await read({ ...fault, headers })).waitMs).toBeGreaterThan(60_000);
		}
	});

	test.each([
		[true, 'refused'],
		[false, 'none'],
	])('stands as a refusal for the rate or as no verdict (%s)', async (isRate, means) => {
		for (let i = 0; i < 50; i++) {
			const fault = drawStanding((what) => draw(3, i, what), isRate);
			if (fault.kind === 'refuse') expect(fault.code).toBe('EGW00201');
			else expect([fault, (await read(fault)).means]).toEqual([fault, means]);
		}
	});
});
