import type {
	IDataObject,
	IExecuteFunctions,
	IHttpRequestMethods,
	IHttpRequestOptions,
} from 'n8n-workflow';

/** A request that a node sends with the KIS API credential. */
export interface Sending {
	readonly method?: IHttpRequestMethods;
	readonly url: string;
	readonly headers?: IDataObject;
	readonly body?: IDataObject;
	readonly auth?: IHttpRequestOptions['auth'];
	/** Milliseconds. */
	readonly timeout?: number;
}

/** What n8n's older helpers take. */
type LegacyRequest = Parameters<
	IExecuteFunctions['helpers']['requestWithAuthenticationPaginated']
>[0];

type Send = (context: IExecuteFunctions, sending: Sending) => Promise<unknown>;

/** Three pages, whatever they hold. */
const PAGES = 3;

/** How n8n's nodes send it. */
export const HELPERS = {
	/** The HTTP Request node. */
	requestWithAuthentication: async (context, { url, ...sending }) =>
		await context.helpers.requestWithAuthentication.call(context, 'kisApi', {
			uri: url,
			json: true,
			...sending,
		} as LegacyRequest),
	/** The HTTP Request Tool of AI agents, and most other nodes. */
	httpRequestWithAuthentication: async (context, sending) =>
		await context.helpers.httpRequestWithAuthentication.call(context, 'kisApi', {
			json: true,
			...sending,
		}),
	/** The HTTP Request node with pagination. */
	requestWithAuthenticationPaginated: async (context, { url, ...sending }) => {
		const pages = await context.helpers.requestWithAuthenticationPaginated.call(
			context,
			{ uri: url, json: true, ...sending } as LegacyRequest,
			0,
			{ request: { url }, continue: `={{ $pageCount < ${PAGES} }}`, requestInterval: 0 },
			'kisApi',
		);
		// What the node gives out of each.
		return pages.map(({ body, headers, statusCode }: IDataObject) => ({
			body,
			headers,
			statusCode,
		}));
	},
} satisfies Record<string, Send>;
export type Helper = keyof typeof HELPERS;
