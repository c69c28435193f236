import { Unusable } from '../../../../kis/unusable';
import type { Option, OptionTable, Values } from '../option';
import { sendingOptions } from '../sendingOptions';

const alreadyInvalid: Option<'succeed' | 'fail'> = {
	field: {
		displayName: 'If Token Is Already Invalid',
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
	read: (value = 'succeed') =>
		value === 'succeed' || value === 'fail' ? value : new Unusable('has to be "succeed" or "fail"'),
};

export const revokeOptions = {
	alreadyInvalid,
	...sendingOptions(
		'How often to repeat an attempt that KIS did not process or did not answer. Revoking is safe to repeat.',
	),
} satisfies OptionTable;

export type RevokeNodeOptions = Values<typeof revokeOptions>;
