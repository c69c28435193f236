import type { IDataObject } from 'n8n-workflow';

import type { EnvironmentName } from '../../../../kis/environments';
import { Unusable } from '../../../../kis/unusable';
import {
	badOption,
	includeDetailsOption,
	maxRetriesOption,
	optionsField,
	parseSendingOptions,
	requestsPerSecondOption,
	timeoutOption,
	type SendingOptions,
} from '../sendingOptions';

export interface RevokeNodeOptions extends SendingOptions {
	readonly alreadyInvalid: 'succeed' | 'fail';
}

export const revokeOptions = optionsField([
	{
		displayName: 'If Token Is Already Invalid',
		name: 'alreadyInvalid',
		type: 'options',
		default: 'succeed',
		options: [
			{
				name: 'Succeed',
				value: 'succeed',
				description: 'The token is dead, which is what a revoke is for (RFC 7009)',
			},
			{
				name: 'Fail',
				value: 'fail',
				description: 'Report it, unless this execution is what made it invalid',
			},
		],
		description:
			'What to do when KIS says that a whole token of this app key is not valid any more. "Invalid" about any other token always fails: it may still be live elsewhere.',
	},
	includeDetailsOption,
	maxRetriesOption(
		'How often to repeat an attempt that KIS did not process or did not answer. Revoking is safe to repeat.',
	),
	requestsPerSecondOption,
	timeoutOption,
]);

export function parseRevokeOptions(
	options: IDataObject,
	environment: EnvironmentName,
): RevokeNodeOptions | Unusable {
	const { alreadyInvalid = 'succeed' } = options;
	if (alreadyInvalid !== 'succeed' && alreadyInvalid !== 'fail') {
		return badOption('If Token Is Already Invalid has to be "succeed" or "fail"');
	}
	const sending = parseSendingOptions(options, environment);
	return sending instanceof Unusable ? sending : { ...sending, alreadyInvalid };
}
