import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { parseAccessToken, type AccessToken } from '../../kis/accessToken';
import { parseCredential, type KisCredential } from '../../kis/credential';
import { Unusable } from '../../kis/unusable';

// What n8n throws here is not passed on: its text may quote a credential or a token.

export async function readCredential(
	context: IExecuteFunctions,
): Promise<KisCredential | Unusable> {
	try {
		const credential = parseCredential(await context.getCredentials('kisApi'));
		return credential instanceof Unusable
			? new Unusable(credential.why, 'Correct it in the KIS API credential.')
			: credential;
	} catch {
		return new Unusable(
			'n8n could not read the KIS API credential',
			'Select it again in this node, or open it and save it anew.',
		);
	}
}

export function readToken(context: IExecuteFunctions, itemIndex: number): AccessToken | Unusable {
	try {
		const token = parseAccessToken(context.getNodeParameter('token', itemIndex));
		return token instanceof Unusable
			? new Unusable(token.why, 'Check what the field Token gives for this item.')
			: token;
	} catch {
		return new Unusable(
			'the expression in the field Token cannot be evaluated for this item',
			'Open the field to see what n8n says about it.',
		);
	}
}

/** A collection parameter, which n8n evaluates as a whole: once a run, with the first item. */
export function readCollection(context: IExecuteFunctions, name: string): IDataObject | Unusable {
	try {
		return context.getNodeParameter(name, 0, {}) as IDataObject;
	} catch {
		return new Unusable(
			'an expression in Options cannot be evaluated',
			'Open Options to see what n8n says about it.',
		);
	}
}
