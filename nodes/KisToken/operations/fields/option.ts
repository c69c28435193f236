import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { KisCredential } from '../../../../kis/input/credential';
import type { EnvironmentName } from '../../../../kis/input/environments';
import { InvalidInput } from '../../../../kis/input/invalidInput';
import { readCredential, readParameter } from '../../host/input';

/** An option of an operation: how n8n shows it, and how its value is read. */
export interface Option<T> {
	readonly field: Omit<INodeProperties, 'name'>;
	/**
	 * Checks what the editor cannot check: values from expressions, and limits that depend on the environment.
	 *
	 * @param value `undefined` if the user has not added the option.
	 * @returns The value; if it is invalid, what it has to be, as in "has to be true or false".
	 */
	read(value: unknown, environment: EnvironmentName): T | InvalidInput;
}

/** Options by the name under which n8n stores them. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values of the options of a table, once read. */
export type Values<Table extends OptionTable> = {
	readonly [Name in keyof Table]: Exclude<ReturnType<Table[Name]['read']>, InvalidInput>;
};

/**
 * Returns the field Options, with its entries sorted by name.
 *
 * @param more Further entries, which {@link readSetup} does not read.
 */
export function optionsField(table: OptionTable, more: INodeProperties[] = []): INodeProperties {
	const fields = Object.entries(table).map(([name, { field }]) => ({ ...field, name }));
	return {
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		// Compared by code units: the first localeCompare() of a process takes milliseconds.
		options: [...fields, ...more].sort((one, other) =>
			one.displayName < other.displayName ? -1 : 1,
		),
	};
}

/** The credential and the options, read once for a whole run. */
export interface Setup<Table extends OptionTable> {
	readonly credential: KisCredential;
	readonly options: Values<Table>;
}

/** Why the node cannot send anything. */
export interface Unusable {
	readonly invalid: InvalidInput;
	/** The one that was read if only an option is invalid; else the same as `invalid`. */
	readonly credential: KisCredential | InvalidInput;
}

/** Reads the credential and the options. Expressions in options are evaluated for the first item. Never throws. */
export async function readSetup<Table extends OptionTable>(
	context: IExecuteFunctions,
	table: Table,
): Promise<Setup<Table> | Unusable> {
	const credential = await readCredential(context);
	if (credential instanceof InvalidInput) return { invalid: credential, credential };
	const values: Record<string, unknown> = {};
	for (const [name, { field, read }] of Object.entries(table)) {
		const given = readParameter(context, {
			name: `options.${name}`,
			itemIndex: 0,
			failure: `the expression in ${field.displayName} cannot be evaluated`,
			absent: null,
			credential,
		});
		if (given instanceof InvalidInput) return { invalid: given, credential };
		const value = read(given.value ?? undefined, credential.environment);
		if (value instanceof InvalidInput) {
			const invalid = new InvalidInput(
				`${field.displayName} ${value.why}`,
				'Correct it in the Options of the node.',
			);
			return { invalid, credential };
		}
		values[name] = value;
	}
	// The loop has read every option of the table, which TypeScript cannot see.
	return { credential, options: values as Values<Table> };
}

/** Reads a number; accepts one written as text, since expressions often give that. Blank text counts as absent. */
export function readNumber(
	value: unknown,
	{ absent, isValid, why }: { absent: number; isValid: (number: number) => boolean; why: string },
): number | InvalidInput {
	if (value === undefined || (typeof value === 'string' && value.trim() === '')) return absent;
	const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
	return isValid(number) ? number : new InvalidInput(why);
}

/** Reads a boolean; `false` if absent. */
export function readBoolean(value: unknown): boolean | InvalidInput {
	if (value === undefined) return false;
	return typeof value === 'boolean' ? value : new InvalidInput('has to be true or false');
}
