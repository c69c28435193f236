import type { IExecuteFunctions } from 'n8n-workflow';

const MESSAGE =
	"n8n is going to store this execution, and the access token with it, unencrypted. Set what is saved to Do not save in the workflow's settings. Or do without Issue: an HTTP Request with the KIS API credential and no header authorization gets a token that is stored nowhere.";

/** Warns in the editor if n8n is going to store this execution, and the token with it. */
export function hintIfStored(context: IExecuteFunctions): void {
	if (!mayBeStored(context)) return;
	context.addExecutionHints({ type: 'warning', location: 'outputPane', message: MESSAGE });
}

/** The workflow settings on saving, and what applies where a workflow does not set them: a variable, else n8n's default. */
const SAVES = {
	saveDataSuccessExecution: { variable: 'EXECUTIONS_DATA_SAVE_ON_SUCCESS', byDefault: true },
	saveDataErrorExecution: { variable: 'EXECUTIONS_DATA_SAVE_ON_ERROR', byDefault: true },
	saveManualExecutions: { variable: 'EXECUTIONS_DATA_SAVE_MANUAL_EXECUTIONS', byDefault: true },
	saveExecutionProgress: { variable: 'EXECUTIONS_DATA_SAVE_ON_PROGRESS', byDefault: false },
} as const;

/** Allows for success and for error, since the execution has not ended yet. */
function mayBeStored(context: IExecuteFunctions): boolean {
	const settings = context.getWorkflowSettings();
	const atTheEnd: ReadonlyArray<keyof typeof SAVES> =
		context.getMode() === 'manual'
			? ['saveManualExecutions']
			: ['saveDataSuccessExecution', 'saveDataErrorExecution'];
	return [...atTheEnd, 'saveExecutionProgress' as const].some((name) => {
		const { variable, byDefault } = SAVES[name];
		return readSwitch(settings[name]) ?? readSwitch(process.env[variable]) ?? byDefault;
	});
}

/** Reads a setting as on or off; `null` for "default", and for one that is not set. */
function readSwitch(setting: unknown): boolean | null {
	const text = String(setting ?? '').toLowerCase();
	if (['all', 'true', '1'].includes(text)) return true;
	return ['none', 'false', '0'].includes(text) ? false : null;
}
