import { InvalidInput } from '../../../../kis/input/invalidInput';
import { readBoolean, type Option, type OptionTable, type Values } from '../fields/option';
import { sendingOptions } from '../fields/sendingOptions';

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
		value === 'succeed' || value === 'fail'
			? value
			: new InvalidInput('has to be "succeed" or "fail"'),
};

const askBeforeUnknown: Option<boolean> = {
	field: {
		displayName: 'Ask KIS Before Saying Unknown',
		type: 'boolean',
		default: true,
		description:
			'Whether to ask KIS for one quote with a token that its attempts leave unknown, which may show that it is dead. Nothing is changed by that. Only a whole token of this app key is asked about.',
	},
	read: (value = true) => readBoolean(value),
};

export const revokeOptions = {
	alreadyInvalid,
	askBeforeUnknown,
	...sendingOptions(
		'How often to repeat an attempt that KIS did not process or did not answer. Revoking is safe to repeat.',
	),
} satisfies OptionTable;

export type RevokeNodeOptions = Values<typeof revokeOptions>;
