/** A request as data. `{{…}}` stands for a value of the environment, as in Postman. */
export interface PostmanRequest {
	readonly name: string;
	readonly method: 'GET' | 'POST';
	readonly path: string;
	readonly headers: Readonly<Record<string, string>>;
	/** As it goes over the wire; absent where there is none. */
	readonly body?: string;
	/** What KIS answers with HTTP 200. */
	readonly answer: object;
	/** Which field of the answer the requests after it use, and under which name. */
	readonly keeps?: readonly [field: string, name: string];
}

const JSON_TYPE = { 'content-type': 'application/json' };
const KEYS = { appkey: '{{APPKEY}}', appsecret: '{{APPSECRET}}' };

/** The collection sends JSON as it is typed: indented, with the line ends of Windows. */
function typed(fields: Readonly<Record<string, string>>): string {
	return JSON.stringify(fields, null, 4).replaceAll('\n', '\r\n');
}

/**
 * The OAuth requests, and the first one that uses their token, of the Postman collection that KIS publishes for paper
 * accounts (모의계좌 v1.6, koreainvestment/open-trading-api): names, paths, headers and fields, in its order.
 */
export const POSTMAN_REQUESTS: readonly PostmanRequest[] = [
	{
		name: '웹소켓접속키발급',
		method: 'POST',
		path: '/oauth2/Approval',
		headers: JSON_TYPE,
		body: typed({
			grant_type: 'client_credentials',
			appkey: KEYS.appkey,
			secretkey: KEYS.appsecret,
		}),
		answer: { approval_key: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) },
	},
	{
		name: '토큰발급',
		method: 'POST',
		path: '/oauth2/tokenP',
		headers: JSON_TYPE,
		body: typed({ grant_type: 'client_credentials', ...KEYS }),
		answer: {
			access_token: expect.stringMatching(/^eyJ/),
			access_token_token_expired: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
			token_type: 'Bearer',
			expires_in: expect.any(Number),
		},
		keeps: ['access_token', 'TOKEN'],
	},
	{
		name: '해쉬키생성',
		method: 'POST',
		path: '/uapi/hashkey',
		headers: { ...JSON_TYPE, ...KEYS },
		body: typed({
			CANO: '50000000',
			ACNT_PRDT_CD: '01',
			PDNO: '071050',
			ORD_DVSN: '01',
			ORD_QTY: '1',
			ORD_UNPR: '0',
		}),
		answer: {
			BODY: expect.objectContaining({ PDNO: '071050' }),
			HASH: expect.stringMatching(/^[0-9a-f]{64}$/),
		},
	},
	{
		name: '주식현재가 시세',
		method: 'GET',
		path: '/uapi/domestic-stock/v1/quotations/inquire-price?fid_cond_mrkt_div_code=J&fid_input_iscd=005930',
		headers: {
			...JSON_TYPE,
			authorization: 'Bearer {{TOKEN}}',
			...KEYS,
			tr_id: 'FHKST01010100',
		},
		answer: {
			output: expect.objectContaining({ stck_shrn_iscd: '005930' }),
			rt_cd: '0',
			msg_cd: 'MCA00000',
			msg1: '정상처리 되었습니다.',
		},
	},
	// Before the two above in the collection, which is not run from top to bottom.
	{
		name: '토큰폐기',
		method: 'POST',
		path: '/oauth2/revokeP',
		headers: JSON_TYPE,
		body: typed({ ...KEYS, token: '{{TOKEN}}' }),
		answer: { code: 200, message: '접근토큰 폐기에 성공하였습니다.' },
	},
];
