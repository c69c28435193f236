import type { AnswerRule } from './answerRule';
import { SLOW_DOWN_TO_SHARE } from './httpAnswers';

const CHECK_KEY_PAIR =
	'Copy App Key and App Secret again from the KIS Developers site (KIS Developers 홈페이지) into the KIS API credential, and check that Environment is the one that they were issued for.';
const ASK_KIS = 'Ask KIS (KIS Developers) about the app, then try again.';
const IF_IT_GOES_ON = 'If KIS keeps answering so, see whether it announced maintenance (점검).';
const TRY_AGAIN = `Try again in a moment. ${IF_IT_GOES_ON}`;
const CHECK_OWNER =
	'Check that the token is whole and that it was issued to the app key and environment of this credential.';
const REGISTER_ADDRESS =
	"Register this computer's public IP address at KIS, or use a relay whose address is registered.";
const REPORT =
	'The request may have been changed on its way. Check the relay or proxy in between; if there is none, report this to the maintainers of this node.';

/**
 * The gateway codes whose meaning is certain: KIS's official list, and newer ones on which independent copies agree. They
 * count whatever the HTTP status, which KIS sets unreliably: 500 comes with permanent refusals too.
 */
export const KIS_CODES = {
	EGW00001: {
		meaning: 'noVerdict',
		retry: {},
		happened: 'KIS had a temporary fault (일시적 오류)',
		todo: IF_IT_GOES_ON,
	},
	EGW00002: {
		meaning: 'noVerdict',
		retry: { times: 1 },
		happened: 'KIS had a server fault (서버 에러)',
		todo: IF_IT_GOES_ON,
	},
	EGW00003: {
		meaning: 'refused',
		refusesCredential: true,
		happened: 'KIS denied access (접근 거부)',
		todo: ASK_KIS,
	},
	EGW00004: {
		meaning: 'refused',
		refusesCredential: true,
		happened: 'KIS says that this customer has no permission (권한을 부여받지 않은 고객)',
		todo: 'Apply for the Open API service at KIS (KIS Developers 서비스 신청), then try again.',
	},
	EGW00101: {
		meaning: 'refused',
		happened: 'KIS says that the request is not valid',
		todo: REPORT,
	},
	EGW00102: {
		meaning: 'refused',
		refusesCredential: true,
		happened: 'KIS received no App Key',
		todo: CHECK_KEY_PAIR,
	},
	EGW00103: {
		meaning: 'refused',
		refusesCredential: true,
		happened: 'KIS does not know this App Key here',
		todo: CHECK_KEY_PAIR,
	},
	EGW00104: {
		meaning: 'refused',
		refusesCredential: true,
		happened: 'KIS received no App Secret',
		todo: CHECK_KEY_PAIR,
	},
	EGW00105: {
		meaning: 'refused',
		refusesCredential: true,
		happened: 'KIS says that the App Secret is not valid',
		todo: `A cut-off App Secret is the usual reason. ${CHECK_KEY_PAIR}`,
	},
	EGW00106: {
		meaning: 'refused',
		happened: 'KIS says that the redirect_uri is missing',
		todo: REPORT,
	},
	EGW00107: {
		meaning: 'refused',
		happened: 'KIS says that the redirect_uri is not valid',
		todo: REPORT,
	},
	EGW00108: {
		meaning: 'refused',
		happened: 'KIS says that the service type (서비스구분) is not valid',
		todo: REPORT,
	},
	EGW00109: {
		meaning: 'refused',
		happened: 'KIS says that the scope is missing',
		todo: REPORT,
	},
	EGW00110: {
		meaning: 'refused',
		happened: 'KIS says that the scope is not valid',
		todo: REPORT,
	},
	EGW00111: {
		meaning: 'refused',
		happened: 'KIS says that the state is not valid',
		todo: REPORT,
	},
	EGW00112: {
		meaning: 'refused',
		happened: 'KIS says that the grant is not valid',
		todo: REPORT,
	},
	EGW00113: {
		meaning: 'refused',
		happened: 'KIS says that the response_type is missing',
		todo: REPORT,
	},
	EGW00114: {
		meaning: 'refused',
		happened: 'KIS says that it does not support the response_type',
		todo: REPORT,
	},
	EGW00115: {
		meaning: 'refused',
		happened: 'KIS says that the grant_type is missing',
		todo: REPORT,
	},
	EGW00116: {
		meaning: 'refused',
		happened: 'KIS does not support the grant_type',
		todo: REPORT,
	},
	EGW00121: {
		meaning: 'invalidToken',
		happened: 'KIS says that the token is not valid',
		todo: CHECK_OWNER,
	},
	EGW00122: {
		meaning: 'invalidToken',
		happened: 'KIS cannot find the token',
		todo: CHECK_OWNER,
	},
	EGW00123: {
		meaning: 'expiredToken',
		happened: 'KIS says that the token has expired',
		todo: `${CHECK_OWNER} Check this computer's clock too.`,
	},
	EGW00130: {
		meaning: 'refused',
		happened: 'KIS says that the user is not valid',
		todo: REPORT,
	},
	EGW00131: {
		meaning: 'refused',
		happened: 'KIS says that the hashkey is not valid',
		todo: REPORT,
	},
	EGW00132: {
		meaning: 'refused',
		happened: 'KIS does not accept the Content-Type',
		todo: REPORT,
	},
	EGW00133: {
		meaning: 'refused',
		limitsIssue: true,
		happened: 'KIS issues a token only once a minute (1분당 1회)',
		todo: 'Wait a minute, then try again.',
	},
	EGW00201: {
		meaning: 'refused',
		retry: { afterMs: 1000, slowsEveryone: true },
		happened: "the app key's requests per second are used up (초당 거래건수 초과)",
		todo: "Another program uses the app key too, or the app key's limit is lower than usual: new customers of real trading (실전투자) have 3 requests a second for their first three days.",
		optionsTodo: SLOW_DOWN_TO_SHARE,
	},
	EGW00202: {
		meaning: 'refused',
		retry: {},
		happened: "KIS's gateway could not route the request (GW 라우팅)",
		todo: TRY_AGAIN,
	},
	EGW00203: {
		meaning: 'refused',
		retry: {},
		happened: "KIS's gateway could not route the request (OPS 라우팅)",
		todo: TRY_AGAIN,
	},
	EGW00204: {
		meaning: 'noVerdict',
		retry: {},
		happened: "KIS's internal gateway had a fault (Internal Gateway)",
		todo: IF_IT_GOES_ON,
	},
	EGW00205: {
		meaning: 'refused',
		happened: 'KIS says that the credentials type is not valid (Bearer)',
		todo: REPORT,
	},
	EGW00206: {
		meaning: 'refused',
		refusesCredential: true,
		happened: 'the app key may not use this API (API 사용 권한)',
		todo: ASK_KIS,
	},
	EGW00207: {
		meaning: 'refused',
		refusesCredential: true,
		happened: 'KIS does not accept this IP address',
		todo: REGISTER_ADDRESS,
	},
	EGW00208: {
		meaning: 'refused',
		happened: 'KIS says that custtype is not valid',
		todo: REPORT,
	},
	EGW00209: {
		meaning: 'refused',
		happened: 'KIS says that seq_no is not valid',
		todo: REPORT,
	},
	EGW00210: {
		meaning: 'refused',
		refusesCredential: true,
		happened: 'KIS offers no paper trading to corporate customers (법인고객)',
		todo: 'Use a KIS API credential with Environment set to Real (실전투자).',
	},
	EGW00215: {
		meaning: 'refused',
		retry: { afterMs: 1000, slowsEveryone: true },
		happened: "the ledger's requests per second are used up (원장 초당 거래건수 초과)",
		todo: '',
		optionsTodo: 'Set Requests per Second lower, or Max Retries higher, and run again.',
	},
	EGW00300: {
		meaning: 'refused',
		retry: {},
		happened: "KIS's gateway could not route the request (Gateway 라우팅)",
		todo: TRY_AGAIN,
	},
	EGW00301: {
		meaning: 'noVerdict',
		retry: {},
		happened: 'KIS timed out on a connection of its own (연결 시간 초과)',
		todo: IF_IT_GOES_ON,
	},
	EGW00302: {
		meaning: 'noVerdict',
		retry: {},
		happened: 'KIS timed out (거래시간 초과)',
		todo: IF_IT_GOES_ON,
	},
	EGW00303: {
		meaning: 'refused',
		refusesCredential: true,
		happened: 'KIS does not let this corporate customer in from this IP address',
		todo: REGISTER_ADDRESS,
	},
	EGW00304: {
		meaning: 'refused',
		refusesCredential: true,
		happened:
			'KIS says that the customer identification key (고객식별키, the App Secret) is not valid',
		todo: CHECK_KEY_PAIR,
	},
	IGW00002: {
		meaning: 'refused',
		happened: "KIS says that the account is not the app key's (계좌번호)",
		todo: CHECK_KEY_PAIR,
	},
} as const satisfies Record<string, AnswerRule>;

/** Returns whether {@link KIS_CODES} has the code. */
export function isListed(code: string): code is keyof typeof KIS_CODES {
	return Object.hasOwn(KIS_CODES, code);
}
