import type { App } from '../sandbox/apps';

/** A request to KIS, without the host. */
export interface KisRequest {
	readonly method: 'GET' | 'POST';
	readonly path: string;
	/** With its question mark. */
	readonly query?: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: string;
}

export const ISSUE_PATH = '/oauth2/tokenP';
const HEADERS = { accept: 'application/json', 'accept-encoding': 'identity' };

function post(path: string, json: object): KisRequest {
	return {
		method: 'POST',
		path,
		headers: { ...HEADERS, 'content-type': 'application/json; charset=UTF-8' },
		body: JSON.stringify(json),
	};
}

/** Asks for a token: 접근토큰발급. */
export function issue({ appkey, appsecret }: App): KisRequest {
	return post(ISSUE_PATH, { grant_type: 'client_credentials', appkey, appsecret });
}

/** 접근토큰폐기. */
export function revoke({ appkey, appsecret }: App, token: string): KisRequest {
	return post('/oauth2/revokeP', { appkey, appsecret, token });
}

/** The price of a share: the harmless call that tells whether a token works. */
export function quote({ appkey, appsecret }: App, token: string): KisRequest {
	return {
		method: 'GET',
		path: '/uapi/domestic-stock/v1/quotations/inquire-price',
		query: '?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=005930',
		headers: {
			...HEADERS,
			authorization: `Bearer ${token}`,
			appkey,
			appsecret,
			tr_id: 'FHKST01010100',
		},
	};
}
