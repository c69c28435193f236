// What is tried: to read, forge, move and cut off what lies in Redis.
import { Seal } from '../../kis/redis/seal';
import { found } from '../support/secrets';
import { credentialFor, makeKeyPair } from '../support/tokens';

const credential = credentialFor(makeKeyPair(), 'http://127.0.0.1:1');
const TEXT = 'a secret token, 비밀';
const NAME = 'kept:one';
/** Nonce and tag. */
const SHORTEST = 12 + 16;

const sealed = new Seal(credential).close(TEXT, NAME);
const bytes = Buffer.from(sealed, 'base64');
const open = (altered: Uint8Array) =>
	new Seal(credential).open(Buffer.from(altered).toString('base64'), NAME);

test('a text of any length is opened by whoever has the key pair', () => {
	for (const text of [TEXT, '', 'a', 'a'.repeat(10_000)]) {
		const closed = new Seal(credential).close(text, NAME);
		expect(new Seal({ ...credential }).open(closed, NAME)).toBe(text);
	}
});

test('it is opened with no other key pair, and under no other name', () => {
	const other = makeKeyPair();
	expect(new Seal({ ...credential, ...other }).open(sealed, NAME)).toBeNull();
	expect(new Seal({ ...credential, appkey: other.appkey }).open(sealed, NAME)).toBeNull();
	expect(new Seal({ ...credential, appsecret: other.appsecret }).open(sealed, NAME)).toBeNull();
	expect(new Seal(credential).open(sealed, 'kept:two')).toBeNull();
});

test('the text is not in it, and it is another each time', () => {
	expect(
		found(bytes.toString('latin1'), [TEXT, credential.appsecret, credential.appkey]),
	).toBeUndefined();
	expect(new Seal(credential).close(TEXT, NAME)).not.toBe(sealed);
	expect(bytes).toHaveLength(SHORTEST + Buffer.byteLength(TEXT));
});

test('no byte of it can be altered', () => {
	for (let i = 0; i < bytes.length; i++) expect(open(bytes.with(i, bytes[i] ^ 1))).toBeNull();
	expect(open(bytes)).toBe(TEXT);
});

test('none of its parts is opened, however short', () => {
	for (let length = 0; length < bytes.length; length++) {
		expect(open(bytes.subarray(0, length))).toBeNull();
		expect(open(bytes.subarray(bytes.length - length))).toBeNull();
	}
	expect(new Seal(credential).open('no base64!', NAME)).toBeNull();
});
