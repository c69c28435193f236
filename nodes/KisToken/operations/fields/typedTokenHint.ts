import type { NodeHint } from 'n8n-workflow';

/** A field for a token that an expression should give. */
export interface TokenField {
	readonly displayName: string;
	/** The expression for its raw content, before evaluation. Gives nothing while the field is not shown. */
	readonly raw: string;
	/** What to do instead of typing a token. Completes "Use an expression over an earlier step, or …". */
	readonly instead: string;
}

/**
 * Returns a hint that warns of a token typed into a field. The editor shows it before and after a run.
 *
 * A token counts as typed if the field is not blank and has no `{{`, be it in fixed or in expression mode.
 */
export function typedTokenHint({ displayName, raw, instead }: TokenField): NodeHint {
	// `[{][{]`, since two braces in a row would end the condition.
	const displayCondition = `={{ /^(?!=?\\s*$)(?![^]*[{][{])/.test(${raw} ?? '') }}`;
	return {
		type: 'warning',
		// With `ndv`, n8n 1.x would show it twice, the second time in the input panel.
		location: 'outputPane',
		displayCondition,
		message: `The field ${displayName} holds a typed token. n8n stores it unencrypted with the workflow and its version history, where it stays when you clear the field. Use an expression over an earlier step, or ${instead}. If the workflow was saved, revoke the token.`,
	};
}
