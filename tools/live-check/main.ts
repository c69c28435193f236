import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import { InvalidInput } from '../../kis/input/invalidInput';
import { print, runMain } from '../common/program';
import { checkLive } from './liveCheck';
import { makeLiveReport } from './report';
import { readSettings, type Settings } from './settings';
import { costOf } from './steps';

const USAGE = `Finds out what a KIS paper account (모의투자) answers where nobody knows, and shows it beside what we assume.

npm run live-check, with these environment variables:
  KIS_APPKEY, KIS_APPSECRET               the keys of a paper app
  KIS_OTHER_APPKEY, KIS_OTHER_APPSECRET   of a second paper app, for a foreign token (optional)
  KIS_EXPIRED_TOKEN                       a token of the first app, older than 24 hours (optional)
  KIS_BASE_URL                            a sandbox on this computer instead of KIS (optional)
`;

async function main(): Promise<boolean> {
	if (process.argv.length > 2) {
		print(USAGE);
		return process.argv[2] === '--help';
	}
	const settings = readSettings(process.env);
	if (settings instanceof InvalidInput) {
		print(`Nothing was sent: ${settings.why}.\n\n${USAGE}`);
		return false;
	}
	print(announcement(settings));
	if (!(await isConfirmed())) {
		print('Nothing was sent.\n');
		return false;
	}
	print('\nAsking …\n');
	const observed = await checkLive({ ...settings, pause: async (ms) => await delay(ms), print });
	const { text, isUsable } = makeLiveReport(observed);
	print(`\n${text}`);
	return isUsable;
}

function announcement({ baseUrl, ...given }: Settings): string {
	const { requests, issues, ms } = costOf(given);
	return `This asks ${baseUrl.origin} what nobody knows about revoking tokens.

What it does
  ${requests} requests in about ${Math.ceil(ms / 60_000)} minutes, no order among them: tokenP ${issues} times, revokeP, and the price of one share.
  About one request a second; four times two or three concurrently, to see what KIS says to that.
What it costs
  It issues two tokens or more, a minute apart. KIS may tell the account's owner of each.
  It revokes the token that every program on this app key uses now: they all stop.
  KIS may not give another one: then the app key is without a working token for up to six hours.
  If KIS asks for patience (EGW00133), it takes some minutes more. Ctrl+C ends it, after the revoke too.
What it leaves
  The newest token, alive if KIS gives one that works. No file; no key and no token is printed.
${given.other ? "  The second app's token as it is, unless KIS lets a foreign app key revoke it.\n" : ''}
Type yes to go on: `;
}

/** Anything but a line that says yes is a no. */
async function isConfirmed(): Promise<boolean> {
	const lines = createInterface({ input: process.stdin });
	for await (const line of lines) return line.trim() === 'yes';
	print('\n');
	return false;
}

void runMain(
	main,
	// The message may hold a key.
	(error) => `${error instanceof Error ? error.name : 'Something'} went wrong here.\n`,
);
