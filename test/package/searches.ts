/** Searches in n8n's node list that have to find this node. */
export const SEARCHES: readonly string[] = [
	// Names of the broker.
	...['KIS', 'KIS API', 'kis token', 'KIS access token', 'KIS Open API', 'koreainvestment'],
	...['Korea Investment', 'Korea Investment & Securities', 'korea investment token'],
	...[
		'한국투자',
		'한국투자증권',
		'한투',
		'한국투자 토큰',
		'한투 토큰',
		'한국투자증권 API',
		'KIS 토큰',
	],
	// Tasks.
	...['issue', 'inspect', 'revoke', 'access token', 'oauth2', 'token revocation'],
	...['issue token', 'inspect token', 'revoke token', 'token revoke', 'token issue', 'get token'],
	...['issue access token', 'inspect access token', 'revoke access token'],
	...[
		'KIS issue',
		'KIS inspect',
		'KIS revoke',
		'kis revoke token',
		'kis token revoke',
		'KIS issue token',
	],
	...['토큰', '토큰 발급', '토큰 조회', '토큰 폐기', '토큰발급', '토큰폐기', 'KIS 토큰 발급'],
	...[
		'접근토큰',
		'접근토큰 발급',
		'접근토큰 폐기',
		'접근토큰발급',
		'접근토큰폐기',
		'접근 토큰 폐기',
	],
	...['액세스 토큰', '액세스 토큰 폐기', '한국투자 토큰 폐기', '한국투자증권 접근토큰 발급'],
	// Purposes.
	...['stock', 'stock trading', 'trading', 'broker', 'paper trading'],
	...[
		'주식',
		'증권',
		'증권사',
		'국내주식',
		'시세',
		'주식 시세',
		'stock price',
		'stock quote',
		'Korean stock',
		'모의투자',
		'실전투자',
		'자동매매',
		'주식 자동매매',
	],
];
