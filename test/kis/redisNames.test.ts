// The names of what lies in Redis: the same in all workers, and telling nothing to others.
import { Names, namesOf } from '../../kis/redis/names';
import { found } from '../support/secrets';
import { credentialFor, makeKeyPair } from '../support/tokens';

const credentialOf = (keys = makeKeyPair()) => credentialFor(keys, 'http://127.0.0.1:1');
const keys = makeKeyPair();
const credential = credentialOf(keys);

test('workers with the same key pair derive the same name, and different ones for different things', () => {
	const name = new Names(credential).of('token one');
	expect(name).toMatch(/^[0-9a-f]{64}$/);
	expect(new Names(credentialOf({ ...keys })).of('token one')).toBe(name);
	expect(new Names(credential).of('token two')).not.toBe(name);
});

test('another app key or app secret derives other names', () => {
	const other = makeKeyPair();
	const pairs = [keys, { ...keys, appkey: other.appkey }, { ...keys, appsecret: other.appsecret }];
	expect(new Set(pairs.map((pair) => namesOf(credentialOf(pair)).of('one'))).size).toBe(3);
});

test('a name tells neither the thing nor a key', () => {
	const name = namesOf(credential).of('a secret thing');
	expect(found(name, ['a secret thing', keys.appkey, keys.appsecret])).toBeUndefined();
});

test('of 1,001 key pairs, the key of the one that came first is derived again, and no other', () => {
	jest.isolateModules(() => {
		const fresh =
			jest.requireActual<typeof import('../../kis/redis/names')>('../../kis/redis/names');
		const credentials = Array.from({ length: 1001 }, (_, i) =>
			credentialOf({ appkey: `key ${i}`, appsecret: 'secret' }),
		);
		const [first, second] = credentials.slice(0, 1000).map(fresh.namesOf);
		expect(fresh.namesOf(credentials[0])).toBe(first);
		fresh.namesOf(credentials[1000]);
		expect(fresh.namesOf(credentials[1])).toBe(second);
		expect(fresh.namesOf(credentials[0])).not.toBe(first);
	});
});
