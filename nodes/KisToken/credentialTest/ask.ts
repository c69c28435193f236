import type { ICredentialTestFunctions } from 'n8n-workflow';

import type { Exchange } from '../../../kis/http/exchange';
import { MAX_BODY_BYTES } from '../../../kis/http/requestWatch';
import {
	BODY_TIMEOUT,
	BODY_TOO_LARGE,
	CONNECT_TIMEOUT,
	EGRESS_REFUSED,
	transportCodeOf,
} from '../../../kis/http/transportCodes';

/** Milliseconds for connecting and the response head together. The body gets as long again. */
const TIMEOUT_MS = 10_000;
/** axios's code for a timeout. */
const AXIOS_TIMEOUT = 'ECONNABORTED';

/** Matches the name of an error that n8n 2 throws when its SSRF protection refuses an address. */
const EGRESS_REFUSAL = /^SsrfBlocked/;

/** A Node.js stream. */
type Body = AsyncIterable<Buffer> & { destroy(error: Error): unknown };

/** The response of n8n's helper with the options below. */
interface StreamedAnswer {
	readonly statusCode: number;
	readonly headers: Readonly<Record<string, string | undefined>>;
	readonly body: Body;
}

/**
 * Posts JSON with the helper that n8n gives to credential tests. Verifies the certificate, whatever the environment says,
 * and follows no redirect.
 *
 * n8n gives a credential test no egress rules. The client in `kis/http` would therefore bypass n8n's SSRF protection,
 * which the helper applies.
 *
 * @returns How the exchange ended. Without an answer it counts as `unwritten`, although it may have been written: testing
 * a key pair twice does no harm.
 */
export async function ask(
	{ request }: ICredentialTestFunctions['helpers'],
	url: URL,
	json: object,
): Promise<Exchange> {
	try {
		const { statusCode, headers, body }: StreamedAnswer = await request({
			uri: url.href,
			method: 'POST',
			headers: {
				'content-type': 'application/json; charset=UTF-8',
				accept: 'application/json',
				'accept-encoding': 'identity',
			},
			body: JSON.stringify(json),
			timeout: TIMEOUT_MS,
			agentOptions: { rejectUnauthorized: true },
			followRedirect: false,
			followAllRedirects: false,
			simple: false,
			useStream: true,
			resolveWithFullResponse: true,
		});
		return {
			kind: 'answered',
			httpStatus: statusCode,
			contentEncoding: headers['content-encoding'] ?? null,
			retryAfter: headers['retry-after'] ?? null,
			date: headers.date ?? null,
			body: await readWhole(body),
		};
	} catch (error) {
		return { kind: 'unwritten', ...whyUnanswered(error) };
	}
}

/** @throws {Error} with a transport code, if the body is too large or does not end in time. */
async function readWhole(body: Body): Promise<Buffer> {
	const breakOff = (code: string) => body.destroy(Object.assign(new Error(code), { code }));
	const deadline = setTimeout(() => breakOff(BODY_TIMEOUT), TIMEOUT_MS);
	try {
		const chunks: Buffer[] = [];
		let size = 0;
		for await (const chunk of body) {
			size += chunk.length;
			if (size > MAX_BODY_BYTES) breakOff(BODY_TOO_LARGE);
			else chunks.push(chunk);
		}
		return Buffer.concat(chunks);
	} finally {
		clearTimeout(deadline);
	}
}

/** Keeps only the code of an error, since the rest may quote the request; of n8n's own refusals also the message. */
function whyUnanswered(error: unknown): { transportCode: string; forbidden: string | null } {
	const refusal = [error, causeOf(error)].find(isEgressRefusal);
	if (refusal) return { transportCode: EGRESS_REFUSED, forbidden: refusal.message };
	const transportCode = transportCodeOf(error);
	const isTimeout = transportCode === AXIOS_TIMEOUT;
	return { transportCode: isTimeout ? CONNECT_TIMEOUT : transportCode, forbidden: null };
}

const causeOf = (error: unknown) => (error instanceof Error ? error.cause : undefined);

const isEgressRefusal = (error: unknown): error is Error =>
	error instanceof Error && EGRESS_REFUSAL.test(error.name);
