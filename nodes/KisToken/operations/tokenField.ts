import type { INodeProperties } from 'n8n-workflow';

/** The token that an operation is about. @param purpose As in "The access token to revoke". */
export function tokenField(purpose: string): INodeProperties {
	return {
		displayName: 'Token',
		name: 'token',
		type: 'string',
		typeOptions: { password: true },
		required: true,
		default: '={{ $json.access_token }}',
		description: `The access token (접근토큰) to ${purpose}, with or without "Bearer". Keep it an expression over an earlier step: a token that is typed in is stored in the workflow, and one that an AI model fills in has been told to its provider.`,
	};
}
