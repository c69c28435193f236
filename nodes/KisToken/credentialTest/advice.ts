import { isLoopback } from '../../../kis/input/baseUrl';
import type { KisCredential } from '../../../kis/input/credential';
import type { InvalidInput } from '../../../kis/input/invalidInput';
import { nameOfRedis, type RedisUrl } from '../../../kis/input/redisUrl';
import { REDIS_TROUBLES, type RedisTrouble } from '../../../kis/redis/redisErrors';
import type { AnswerRule } from '../../../kis/reply/answerRule';
import type { Attempt } from '../../../kis/reply/attempt';
import { isListed, KIS_CODES } from '../../../kis/reply/errorCodes';
import { explain, quote, sentences } from '../../../kis/reply/explanation';

/** Takes the place of advice about the node's options, which a test does not have. */
const TEST_AGAIN = 'Wait a few seconds, then test again.';

/** As KIS's documentation gives them. They help to explain a refusal; nothing enforces them. */
const CHARACTERS = { appkey: 36, appsecret: 180 } as const;

/** What to do when no answer came from a custom Base URL. The first row that fits counts; else the general advice does. */
const ABOUT_BASE_URL: ReadonlyArray<{
	readonly code: RegExp;
	readonly fits?: (baseUrl: URL) => boolean;
	readonly todo: string;
}> = [
	{
		code: /^ECONNREFUSED$/,
		fits: isLoopback,
		todo: 'Start the relay or the sandbox there, or correct the Base URL. If n8n runs in a container, this address is the container itself.',
	},
	{
		code: /^ECONNREFUSED$/,
		todo: 'Start the relay there, or correct the Base URL.',
	},
	{
		code: /^(ENOTFOUND|EAI_)/,
		todo: 'Correct the Base URL, or let the computer that n8n runs on know the name.',
	},
	{
		code: /^(EPROTO|ERR_SSL|ECONNRESET|HPE_)/,
		fits: ({ protocol }) => protocol === 'https:',
		todo: 'What listens there may speak plain http: if it is on this computer, begin the Base URL with http://. Else check the relay or proxy in between.',
	},
	{
		code: /^(ECONNRESET|EPIPE|HPE_)/,
		todo: 'What listens there may speak https: begin the Base URL with https://. Else check the relay.',
	},
];

/** Words the message about invalid fields. */
export function adviceOnFields({ why, todo }: InvalidInput): string {
	return sentences(`${why.charAt(0).toUpperCase()}${why.slice(1)}.`, todo, 'Nothing was sent.');
}

/** Words the message about an answer without a WebSocket key, or about none at all. */
export function adviceOnAnswer(attempt: Attempt, credential: KisCredential): string {
	const { refusalCode, transportCode } = attempt;
	if (refusalCode !== null && isListed(refusalCode)) {
		const { happened, todo, optionsTodo, refusesCredential }: AnswerRule = KIS_CODES[refusalCode];
		const hints = refusesCredential ? adviceOnLengths(credential) : '';
		const later = optionsTodo ? TEST_AGAIN : '';
		return sentences(`${refusalCode}: ${happened}.`, hints, todo, later, quote(attempt));
	}
	const { happened, todo, optionsTodo } = explain(attempt);
	const later = optionsTodo ? TEST_AGAIN : '';
	if (transportCode === null) {
		return sentences(
			`KIS gave no WebSocket key (웹소켓 접속키), which this test asks for: ${happened}.`,
			todo,
			later,
			quote(attempt),
		);
	}
	const { environment, baseUrl } = credential;
	const row = ABOUT_BASE_URL.find(
		({ code, fits = () => true }) => code.test(transportCode) && fits(baseUrl),
	);
	return sentences(
		`No answer of KIS from ${baseUrl.origin} (${transportCode}): ${happened}.`,
		environment === 'custom' && row ? row.todo : todo,
		later,
		quote(attempt),
	);
}

/** Words the message about a Redis that cannot be used. */
export function adviceOnRedis(redis: RedisUrl, trouble: RedisTrouble): string {
	const { happened, todo } = REDIS_TROUBLES[trouble];
	return sentences(`Redis at ${nameOfRedis(redis)} cannot be used: ${happened}.`, todo);
}

/** Points out keys that seem swapped or cut off, which KIS does not say; empty if their lengths are as usual. */
function adviceOnLengths({ appkey, appsecret }: KisCredential): string {
	if (appkey.length > appsecret.length) {
		return `App Key and App Secret seem to be swapped: KIS's App Keys have ${CHARACTERS.appkey} characters, its App Secrets ${CHARACTERS.appsecret}.`;
	}
	return sentences(
		lengthOf('App Key', appkey, CHARACTERS.appkey),
		lengthOf('App Secret', appsecret, CHARACTERS.appsecret),
	);
}

function lengthOf(name: string, { length }: string, usual: number): string {
	return length === usual ? '' : `The ${name} has ${length} characters, KIS's have ${usual}.`;
}
