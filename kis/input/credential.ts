import { isLoopback, parseBaseUrl } from './baseUrl';
import { ENVIRONMENTS, isEnvironmentName, type EnvironmentName } from './environments';
import { InvalidInput } from './invalidInput';
import { parseRedisUrl, type RedisUrl } from './redisUrl';

/** A KIS app's key pair, the environment that it is for, and how requests with it are sent. */
export interface KisCredential {
	/** 앱Key: 36 characters, by KIS's page (not enforced). */
	readonly appkey: string;
	/** 앱Secret: 180 characters, by KIS's page (not enforced). */
	readonly appsecret: string;
	readonly environment: EnvironmentName;
	readonly baseUrl: URL;
	/**
	 * Whether the host may be called though no user has asked for that, to get or check a token for a request. n8n's egress
	 * rules are not available there, so only KIS and this computer may.
	 */
	readonly mayCallUnasked: boolean;
	/** Whether n8n requests with this credential get an access token if they have none. */
	readonly bringsToken: boolean;
	/** Whether n8n requests with this credential wait for the app key's limit. */
	readonly pacesRequests: boolean;
	/** The Redis through which all workers share what they know; `null` if each works alone. */
	readonly redis: RedisUrl | null;
}

/** Comes from copy and paste: KIS's keys contain none. A pasted line break is the usual cause of EGW00105. */
export const STRAY_WHITE_SPACE = /\s+/g;

const COPY_KEYS =
	'Copy App Key and App Secret from the KIS Developers site (KIS Developers 홈페이지).';
const SWITCH = 'Switch it on or off.';

/** Reads the credential's fields as the user filled them in. Invalid input comes with what to do about it. */
export function parseCredential(
	fields: Readonly<Record<string, unknown>>,
): KisCredential | InvalidInput {
	const { environment } = fields;
	if (!isEnvironmentName(environment)) {
		return new InvalidInput('the Environment is not one of real, paper and custom', 'Choose one.');
	}
	const appkey = withoutStrayWhiteSpace(fields.appkey);
	if (appkey === '') return new InvalidInput('the App Key is empty', COPY_KEYS);
	const appsecret = withoutStrayWhiteSpace(fields.appsecret);
	if (appsecret === '') return new InvalidInput('the App Secret is empty', COPY_KEYS);
	const baseUrl = baseUrlOf(environment, fields.baseUrl);
	if (baseUrl instanceof InvalidInput) return baseUrl;
	// Credentials saved by older versions lack these fields.
	const { bringAuthorization: bringsToken = true, paceRequests: pacesRequests = true } = fields;
	if (typeof bringsToken !== 'boolean') {
		return new InvalidInput('Bring an Access Token is neither true nor false', SWITCH);
	}
	if (typeof pacesRequests !== 'boolean') {
		return new InvalidInput('Pace Requests is neither true nor false', SWITCH);
	}
	const redis = redisOf(fields.redisUrl);
	if (redis instanceof InvalidInput) return redis;
	return {
		appkey,
		appsecret,
		environment,
		baseUrl,
		mayCallUnasked: environment !== 'custom' || isLoopback(baseUrl),
		bringsToken,
		pacesRequests,
		redis,
	};
}

function withoutStrayWhiteSpace(field: unknown): string {
	return typeof field === 'string' ? field.replace(STRAY_WHITE_SPACE, '') : '';
}

function baseUrlOf(environment: EnvironmentName, custom: unknown): URL | InvalidInput {
	const { baseUrl } = ENVIRONMENTS[environment];
	return baseUrl === null
		? parseBaseUrl(typeof custom === 'string' ? custom : '')
		: new URL(baseUrl);
}

function redisOf(field: unknown): RedisUrl | InvalidInput | null {
	const text = typeof field === 'string' ? field.trim() : '';
	return text === '' ? null : parseRedisUrl(text);
}
