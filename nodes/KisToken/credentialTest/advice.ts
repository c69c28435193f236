import type { Attempt } from '../../../kis/reply/attempt';
import { isLoopback } from '../../../kis/input/baseUrl';
import type { KisCredential } from '../../../kis/input/credential';
import { isListed, KIS_CODES } from '../../../kis/reply/errorCodes';
import type { AnswerRule } from '../../../kis/reply/answerRule';
import { OBSTACLES, type Obstacle } from '../../../kis/redis/obstacles';
import { nameOfRedis, type RedisUrl } from '../../../kis/input/redisUrl';
import type { InvalidInput } from '../../../kis/input/invalidInput';
import { explain, quote, sentences } from '../../../kis/reply/explanation';

/** Where the node would name an option, of which a test has none. */
const TEST_AGAIN = 'Wait a few seconds, then test again.';

/** By KIS's page. They explain a refusal, and are enforced nowhere. */
const CHARACTERS = { appkey: 36, appsecret: 180 } as const;

/** What to do about a Base URL behind which no answer came; the first row that fits, else what is said of the code anywhere. */
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

/** What is said about fields that cannot be used. */
export function adviceOnFields(
	{ why, todo }: InvalidInput,
	{ environment, baseUrl }: Readonly<Record<string, unknown>>,
): string {
	const lacksScheme = environment === 'custom' && !String(baseUrl).includes('://');
	return sentences(
		`${why.charAt(0).toUpperCase()}${why.slice(1)}.`,
		todo,
		lacksScheme ? 'Begin the Base URL with https://, or with http:// for this computer.' : '',
		'Nothing was sent.',
	);
}

/** What is said where KIS gave no WebSocket key. */
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

/** What is said where Redis cannot be used. */
export function adviceOnRedis(redis: RedisUrl, obstacle: Obstacle): string {
	const { happened, todo } = OBSTACLES[obstacle];
	return sentences(`Redis at ${nameOfRedis(redis)} cannot be used: ${happened}.`, todo);
}

/** Swapped or cut-off keys, which KIS says nothing about; empty if they are as long as KIS's are. */
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
