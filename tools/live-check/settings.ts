import { hasExpired, isIssuedTo, parseAccessToken } from '../../kis/input/accessToken';
import { isLoopback, parseBaseUrl } from '../../kis/input/baseUrl';
import { STRAY_WHITE_SPACE } from '../../kis/input/credential';
import { ENVIRONMENTS } from '../../kis/input/environments';
import { InvalidInput } from '../../kis/input/invalidInput';
import type { App } from '../sandbox/apps';

/** What the check is run with. */
export interface Settings {
	readonly baseUrl: URL;
	readonly keys: App;
	/** A second paper app: for a token that belongs to somebody else. */
	readonly other?: App;
	/** A token of `keys` whose 24 hours are over. */
	readonly expiredToken?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

const PAPER = new URL(ENVIRONMENTS.paper.baseUrl);
const REAL = new URL(ENVIRONMENTS.real.baseUrl);

/** Reads the environment variables. No sentence repeats a value. */
export function readSettings(env: Variables, now = Date.now()): Settings | InvalidInput {
	const baseUrl = readBaseUrl(env.KIS_BASE_URL);
	if (baseUrl instanceof InvalidInput) return baseUrl;
	const keys = readApp(env, 'KIS_APPKEY', 'KIS_APPSECRET');
	if (keys instanceof InvalidInput) return keys;
	if (!keys) return new InvalidInput('KIS_APPKEY and KIS_APPSECRET are not set');
	const other = readApp(env, 'KIS_OTHER_APPKEY', 'KIS_OTHER_APPSECRET');
	if (other instanceof InvalidInput) return other;
	if (other?.appkey === keys.appkey) {
		return new InvalidInput('KIS_OTHER_APPKEY is the same app key as KIS_APPKEY');
	}
	const expiredToken = readExpiredToken(env.KIS_EXPIRED_TOKEN, keys, now);
	if (expiredToken instanceof InvalidInput) return expiredToken;
	return { baseUrl, keys, ...(other && { other }), ...(expiredToken && { expiredToken }) };
}

function readBaseUrl(text = ''): URL | InvalidInput {
	if (text.trim() === '') return PAPER;
	const url = parseBaseUrl(text);
	if (url instanceof InvalidInput) return url;
	// The URL parser writes a host in lower case, but leaves the dot that may end it.
	if (url.hostname.replace(/\.+$/, '') === REAL.hostname) {
		return new InvalidInput('KIS_BASE_URL is the host of real accounts (실전투자)');
	}
	if (url.origin !== PAPER.origin && !isLoopback(url)) {
		return new InvalidInput(`KIS_BASE_URL is neither ${PAPER.origin} nor this computer`);
	}
	return url;
}

function readApp(
	env: Variables,
	keyName: string,
	secretName: string,
): App | undefined | InvalidInput {
	const [appkey, appsecret] = [keyName, secretName].map((name) =>
		(env[name] ?? '').replace(STRAY_WHITE_SPACE, ''),
	);
	if (appkey === '' && appsecret === '') return undefined;
	if (appkey === '' || appsecret === '') {
		return new InvalidInput(`${keyName} and ${secretName} belong together`);
	}
	return { appkey, appsecret };
}

/** A token that is still live, or somebody else's, would be revoked by a question that is not about it. */
function readExpiredToken(text: string | undefined, keys: App, now: number) {
	if (text === undefined || text.trim() === '') return undefined;
	const token = parseAccessToken(text);
	if (token instanceof InvalidInput) return new InvalidInput(`KIS_EXPIRED_TOKEN: ${token.why}`);
	if (hasExpired(token, now) && isIssuedTo(token, keys.appkey)) return token.value;
	return new InvalidInput('KIS_EXPIRED_TOKEN is no expired token of KIS_APPKEY, by its own words');
}
