/** What goes over the wire: a status and a JSON body. */
export interface JsonReply {
	readonly status: number;
	readonly json: unknown;
}

/** KIS has two error shapes: one at /oauth2, another at /uapi. */
export type ErrorShape = 'oauth2' | 'uapi';

/** KIS's own texts, as the official list of gateway codes and copies of its newer material have them. */
export const TEXTS: Readonly<Record<string, string>> = {
	EGW00001: '일시적 오류가 발생했습니다.',
	EGW00002: '서버 에러가 발생했습니다.',
	EGW00003: '접근이 거부되었습니다.',
	EGW00004: '권한을 부여받지 않은 고객입니다.',
	EGW00101: '유효하지 않은 요청입니다.',
	EGW00102: 'AppKey는 필수입니다.',
	EGW00103: '유효하지 않은 AppKey입니다.',
	EGW00104: 'AppSecret은 필수입니다.',
	EGW00105: '유효하지 않은 AppSecret입니다.',
	EGW00106: 'redirect_uri는 필수입니다.',
	EGW00107: '유효하지 않은 redirect_uri입니다.',
	EGW00108: '유효하지 않은 서비스구분(service)입니다.',
	EGW00109: 'scope는 필수입니다.',
	EGW00110: '유효하지 않은 scope 입니다.',
	EGW00111: '유효하지 않은 state 입니다.',
	EGW00112: '유효하지 않은 grant 입니다.',
	EGW00113: '응답구분(response_type)은 필수입니다.',
	EGW00114: '지원하지 않는 응답구분(response_type)입니다.',
	EGW00115: 'grant_type은 필수입니다.',
	EGW00116: '지원하지 않는 grant_type 입니다.',
	EGW00121: '유효하지 않은 token 입니다.',
	EGW00122: 'token을 찾을 수 없습니다.',
	EGW00123: '기간이 만료된 token 입니다.',
	EGW00130: '유효하지 않은 유저(user)입니다.',
	EGW00131: '유효하지 않은 hashkey입니다.',
	EGW00132: 'Content-Type이 유효하지 않습니다.',
	EGW00133: '접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)',
	EGW00201: '초당 거래건수를 초과하였습니다.',
	EGW00202: 'GW 라우팅 중 오류가 발생했습니다.',
	EGW00203: 'OPS 라우팅 중 오류가 발생했습니다.',
	EGW00204: 'Internal Gateway 인스턴스를 찾을 수 없습니다.',
	EGW00205: 'credentials_type이 유효하지 않습니다.(Bearer)',
	EGW00206: 'API 사용 권한이 없습니다.',
	EGW00207: 'IP 주소가 없거나 유효하지 않습니다.',
	EGW00208: '고객유형(custtype)이 유효하지 않습니다.',
	EGW00209: '일련번호(seq_no)가 유효하지 않습니다.',
	EGW00210: '법인고객의 경우 모의투자를 이용할 수 없습니다.',
	EGW00215: '원장에서 허용 가능한 초당 거래건수를 초과하였습니다.',
	EGW00300: 'Gateway 라우팅 오류가 발생했습니다.',
	EGW00301: '연결 시간이 초과되었습니다.',
	EGW00302: '거래시간이 초과되었습니다.',
	EGW00303: '법인고객에게 허용되지 않은 IP접근입니다.',
	EGW00304: '고객식별키(개인 appSecret)가 유효하지 않습니다.',
	IGW00002: '현재 계좌의 계좌번호와 요청 계좌번호가 일치하지 않습니다.',
};

export function refusal(code: string, status: number, shape: ErrorShape): JsonReply {
	const text = TEXTS[code] ?? '';
	return {
		status,
		json:
			shape === 'oauth2'
				? { error_description: text, error_code: code }
				: { rt_cd: '1', msg_cd: code, msg1: text },
	};
}
