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

/** For connecting and for the answer's head; for its body the same again. In milliseconds. */
const TIMEOUT_MS = 10_000;
/** axios's code where its timeout is over. */
const AXIOS_TIMEOUT = 'ECONNABORTED';

/** What n8n 2 calls the refusals of its SSRF protection. */
const EGRESS_REFUSAL = /^SsrfBlocked/;

/** A stream of Node.js. */
type Body = AsyncIterable<Buffer> & { destroy(error: Error): unknown };

/** What n8n's helper gives for the options below. */
interface StreamedAnswer {
	readonly statusCode: number;
	readonly headers: Readonly<Record<string, string | undefined>>;
	readonly body: Body;
}

/**
 * Posts JSON with the helper that n8n gives to credential tests. Unlike the client in `kis/http`, for which n8n has no
 * egress rules to give here, it keeps n8n's SSRF protection. Verifies the certificate, whatever the environment says, and
 * follows no redirect.
 *
 * @returns How it ended; what did not end in an answer is `unwritten`, though nobody knows: a key pair is tested as
 * often as one likes.
 */
export async function ask(
	{ request }: ICredentialTestFunctions['helpers'],
	url: URL,
	json: object,
): Promise<Exchange> {
	try {
		const { statusCode, headers, body } = (await request({
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
		})) as StreamedAnswer;
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

/** @throws Error with the code of a body that is too large, or does not end in time. */
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

/** Takes no more of an error than its code: the rest may quote the request. n8n's own refusals are another thing. */
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
