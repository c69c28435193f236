// What is noted of tokens that are being revoked, by many: when each counts as marked, and how many doubts are remembered.
import { setTimeout as sleep } from 'node:timers/promises';

import {
	doubtAbout,
	isBeingRevoked,
	isRevokeOpen,
	markAsRevoking,
	noteRevokingInOtherWorkers,
	raiseDoubt,
	resolveDoubt,
} from '../../kis/memory/revokeMarks';
import { turnIsOver } from '../../kis/turns';
import { redisUrl } from '../support/redis';
import { credentialFor, makeKeyPair } from '../support/tokens';

const credential = credentialFor(makeKeyPair(), 'http://127.0.0.1:1');
const token = (name: number) => ({ value: '', fingerprint: String(name), claims: null });
const tokens = (count: number) => Array.from({ length: count }, (_, i) => token(i));
const marked = (name: number) => isBeingRevoked(token(name), credential);

test('fewer than 1,000 tokens are marked in one turn of the event loop', async () => {
	while (!turnIsOver()) await sleep(1);
	const marking = markAsRevoking(tokens(999), credential);
	expect([marked(0), marked(998)]).toEqual([true, true]);
	const unmark = await marking;
	await unmark(Array.from({ length: 999 }, () => 'revoked'));
	expect([marked(0), marked(998)]).toEqual([false, false]);
});

test('1,000 are marked in several turns', async () => {
	while (!turnIsOver()) await sleep(1);
	const marking = markAsRevoking(tokens(1000), credential);
	expect([marked(998), marked(999)]).toEqual([true, false]);
	const unmark = await marking;
	expect(marked(999)).toBe(true);
	await unmark(Array.from({ length: 1000 }, () => 'revoked'));
});

test('what two calls revoke is marked until both have ended', async () => {
	const [one, other] = await Promise.all([
		markAsRevoking(tokens(1), credential),
		markAsRevoking(tokens(1), credential),
	]);
	await one(['notSent']);
	expect(marked(0)).toBe(true);
	await other(['notSent']);
	expect(marked(0)).toBe(false);
});

test('the outcomes leave the doubts that they leave, in order', async () => {
	const unmark = await markAsRevoking(tokens(5), credential);
	const left = await unmark(['revoked', 'unknown', 'notSent', 'rejected', 'alreadyInvalid']);
	expect(left).toEqual([1, 3].map((i) => doubtAbout(token(i), credential)));
	left.forEach(resolveDoubt);
});

test('a doubt is resolved by its own end only', () => {
	const first = raiseDoubt(token(1), credential);
	const second = raiseDoubt(token(1), credential);
	resolveDoubt(first);
	expect(doubtAbout(token(1), credential)).toBe(second);
	resolveDoubt(second);
	expect(doubtAbout(token(1), credential)).toBeNull();
});

test('a revoke of a token is open while it is under way, and after it until its doubt is resolved', async () => {
	const isOpen = () => isRevokeOpen(token(1), credential);
	expect(isOpen()).toBe(false);
	const unmark = await markAsRevoking(tokens(2), credential);
	expect(isOpen()).toBe(true);
	const left = await unmark(['revoked', 'unknown']);
	expect(isOpen()).toBe(true);
	left.forEach(resolveDoubt);
	expect(isOpen()).toBe(false);
});

test('the oldest of 200,001 doubts is forgotten, and no other', () => {
	const raise = (i: number) => raiseDoubt(token(i), credential);
	for (let i = 0; i < 200_000; i++) raise(i);
	// It is the youngest again.
	raise(0);
	expect(doubtAbout(token(1), credential)).not.toBeNull();
	raise(200_000);
	const known = [0, 1, 2, 200_000].map((i) => doubtAbout(token(i), credential) !== null);
	expect(known).toEqual([true, false, true, true]);
});

test('so is the oldest of 200,001 tokens that other workers revoke', () => {
	const shared = { ...credential, redis: redisUrl('redis://127.0.0.1:1') };
	for (let i = 0; i <= 200_000; i++) noteRevokingInOtherWorkers(token(i), shared, true);
	const known = [0, 1, 200_000].map((i) => isBeingRevoked(token(i), shared));
	expect(known).toEqual([false, true, true]);
});
