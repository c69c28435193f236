import type { NodeHint } from 'n8n-workflow';

/** A field for a token that an expression should give. */
export interface TokenField {
	readonly displayName: string;
	/** What it holds before anything is evaluated, as n8n's expressions call it: nothing while the field is not shown. */
	readonly raw: string;
	/** How a token gets there without being typed: completes "Use an expression over an earlier step, or …". */
	readonly instead: string;
}

/** Says in the editor, before and after a run, that a token was typed into a field: in either mode of it, without `{{`. */
export function typedTokenHint({ displayName, raw, instead }: TokenField): NodeHint {
	// Two brackets in a row would end the condition.
	const displayCondition = `={{ /^(?!=?\\s*$)(?![^]*[{][{])/.test(${raw} ?? '') }}`;
	return {
		type: 'warning',
		// `ndv` would show it twice in n8n 1.x, in the input panel too.
		location: 'outputPane',
		displayCondition,
		message: `The field ${displayName} holds a typed token. n8n stores it unencrypted with the workflow and its version history, where it stays when you clear the field. Use an expression over an earlier step, or ${instead}. If the workflow was saved, revoke the token.`,
	};
}
