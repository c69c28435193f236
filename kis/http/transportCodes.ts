/** Set by this client itself, and named like undici's codes for the same events. */
export const CONNECT_TIMEOUT = 'UND_ERR_CONNECT_TIMEOUT';
export const HEADERS_TIMEOUT = 'UND_ERR_HEADERS_TIMEOUT';
export const BODY_TIMEOUT = 'UND_ERR_BODY_TIMEOUT';
export const BODY_TOO_LARGE = 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
/** The caller cancelled. Node.js uses the same name. */
export const CANCELLED = 'ABORT_ERR';
/** The host's egress rules refused the address. */
export const EGRESS_REFUSED = 'EGRESS_REFUSED';
/** HTTPS_PROXY or ALL_PROXY is not a usable address. */
export const PROXY_UNUSABLE = 'PROXY_UNUSABLE';
/** The proxy accepted the connection, but the TLS handshake with it failed. */
export const PROXY_TLS_FAILED = 'PROXY_TLS_FAILED';
/** The answer was not HTTP. undici sets no code for that. */
const NOT_HTTP = 'UND_ERR_HTTP_PARSER';
const OTHER = 'UND_ERR';

/** What is taken for a code. */
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

/** The other side closed the connection. */
const RESET = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|ECONNABORTED)$/;

/** The TLS handshake failed at the certificate. */
const UNVERIFIED = /CERT|SELF_SIGNED|ISSUER|VERIFY|^CRL_|^HOSTNAME_MISMATCH$/;

/** Returns whether the other side closed the connection. */
export function isReset(transportCode: string): boolean {
	return RESET.test(transportCode);
}

/** Returns whether the server's certificate could not be verified. */
export function isUnverified(transportCode: string): boolean {
	return UNVERIFIED.test(transportCode);
}

interface TransportFailure {
	readonly happened: string;
	readonly todo: string;
	/** How an operation's options help, in a sentence. */
	readonly optionsTodo?: string;
}

const CHECK_NETWORK =
	'Check that this computer reaches the address in the KIS API credential (through the proxy, if HTTPS_PROXY or ALL_PROXY is set), then try again.';
const CHECK_CERTIFICATE =
	"Certificates are always verified. For a relay with a certificate of its own, give n8n the issuer's certificate (NODE_EXTRA_CA_CERTS).";
const WAIT_LONGER = 'A higher Timeout may help.';
const CHECK_PROXY = 'Check the proxy in HTTPS_PROXY or ALL_PROXY, or except the host in NO_PROXY.';

/** Matched against the code of Node.js or undici. The first match counts. */
const TRANSPORT_CODES: ReadonlyArray<TransportFailure & { readonly pattern: RegExp }> = [
	{
		pattern: /^ABORT_ERR$/,
		happened: 'the execution was stopped',
		todo: '',
	},
	{
		pattern: /^ECONNREFUSED$/,
		happened: 'nothing listens at the address (connection refused)',
		todo: CHECK_NETWORK,
	},
	{
		pattern: /^(ENOTFOUND|EAI_)/,
		happened: 'the host name could not be resolved (DNS)',
		todo: CHECK_NETWORK,
	},
	{
		pattern: /^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT|EHOST|ENET|EADDRNOTAVAIL)/,
		happened: 'no connection could be made in time',
		todo: CHECK_NETWORK,
		optionsTodo: WAIT_LONGER,
	},
	{
		pattern: /^(UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT)$/,
		happened: 'no whole answer came in time',
		todo: '',
		optionsTodo: WAIT_LONGER,
	},
	{
		pattern: /^UND_ERR_RES_EXCEEDED_MAX_SIZE$/,
		happened: 'the answer was larger than any answer of KIS',
		todo: 'Check the relay or proxy in between.',
	},
	{
		pattern: /^EGRESS_REFUSED$/,
		happened: "n8n's egress rules (SSRF protection) do not allow the address",
		todo: "Allow the address in n8n's SSRF protection settings, or use another one in the KIS API credential.",
	},
	{
		pattern: /^PROXY_UNUSABLE$/,
		happened: 'the proxy setting of this computer is not a usable address',
		todo: 'Write it as http://host:port (SOCKS is not supported) in HTTPS_PROXY or ALL_PROXY, or except the host in NO_PROXY.',
	},
	{
		pattern: /^PROXY_TLS_FAILED$/,
		happened: 'no secure connection to the proxy could be made (TLS)',
		todo: 'Unless the proxy itself speaks TLS, write it as http://host:port in HTTPS_PROXY or ALL_PROXY: without http:// it is called over TLS, as by n8n itself.',
	},
	{
		pattern: RESET,
		happened: 'the connection was closed before a whole answer came',
		todo: 'If connections keep being closed, check the relay or proxy in between.',
	},
	{
		pattern: /^(UND_ERR_ABORTED|UND_ERR_DESTROYED|UND_ERR_PRX_TLS)$/,
		happened: 'the proxy did not let the request through',
		todo: CHECK_PROXY,
	},
	{
		pattern: UNVERIFIED,
		happened: "the server's certificate could not be verified",
		todo: CHECK_CERTIFICATE,
	},
	{
		pattern: /^(ERR_SSL|ERR_TLS|EPROTO)/,
		happened: 'no secure connection could be made (TLS)',
		todo: `${CHECK_NETWORK} Plain http where https is spoken, or the reverse, looks like this too.`,
	},
	{
		pattern: /^(HPE_|UND_ERR_HTTP_PARSER)/,
		happened: 'the answer was not HTTP',
		todo: CHECK_NETWORK,
	},
];

const BROKEN_CONNECTION: TransportFailure = {
	happened: 'the connection broke',
	todo: CHECK_NETWORK,
};

/** Explains to users what a transport code means, and how to fix it. */
export function explainTransportCode(code: string): TransportFailure {
	return TRANSPORT_CODES.find(({ pattern }) => pattern.test(code)) ?? BROKEN_CONNECTION;
}

/** Returns the code of an error of the network stack. Never its message, which may quote what was sent. */
export function transportCodeOf(error: unknown): string {
	const { name, code, errors }: Partial<Record<string, unknown>> = Object(error);
	if (name === 'HTTPParserError') return NOT_HTTP;
	if (typeof code === 'string' && CODE.test(code)) return code;
	// An AggregateError: several addresses of the host were tried.
	return Array.isArray(errors) ? transportCodeOf(errors[0]) : OTHER;
}
