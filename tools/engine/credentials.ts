import { Container } from '@n8n/di';
import * as core from 'n8n-core';
import {
	ICredentialsHelper,
	NodeHelpers,
	type ICredentialDataDecryptedObject,
	type ICredentialType,
	type ICredentialsExpressionResolveValues,
	type IHttpRequestOptions,
	type INodeCredentialsDetails,
	type INodeParameters,
	type INodeProperties,
	type IRequestOptionsSimplified,
	type IWorkflowExecuteAdditionalData,
	type WorkflowExecuteMode,
} from 'n8n-workflow';

/** A credential as n8n's database has it: encrypted. */
export interface StoredCredential {
	readonly id: string;
	readonly name: string;
	readonly type: string;
	readonly data: string;
}

export async function encryptCredential(
	id: string,
	type: string,
	fields: ICredentialDataDecryptedObject,
): Promise<StoredCredential> {
	provideEncryptionKey();
	const credentials = new core.Credentials({ id, name: id }, type);
	await credentials.setData(fields);
	return { id, name: id, type, data: credentials.getDataToSave().data ?? '' };
}

/** n8n 2 asks its server for the key; this is the one that a server without key rotation gives. */
function provideEncryptionKey(): void {
	if (!('EncryptionKeyProxy' in core)) return; // n8n 1 has the key in its settings.
	const { encryptionKey } = Container.get(core.InstanceSettings);
	const key = {
		id: 'instance',
		value: Container.get(core.Cipher).encryptDEKWithInstanceKey(encryptionKey),
		algorithm: 'aes-256-cbc' as const,
		format: 'no-prefix' as const,
	};
	Container.get(core.EncryptionKeyProxy).setProvider({
		getActiveKey: async () => key,
		getKeyById: async () => key,
		getLegacyKey: async () => key,
	});
}

/** Does with credentials what the n8n server does, without its database: decrypts, fills in defaults, evaluates expressions, authenticates. */
export class EngineCredentials extends ICredentialsHelper {
	readonly #types: ReadonlyMap<string, ICredentialType>;
	readonly #stored: readonly StoredCredential[];

	constructor(types: readonly ICredentialType[], stored: readonly StoredCredential[]) {
		super();
		this.#types = new Map(types.map((type) => [type.name, type]));
		this.#stored = stored;
	}

	async getCredentials({ id }: INodeCredentialsDetails, type: string): Promise<core.Credentials> {
		const stored = this.#stored.find((credential) => credential.id === id);
		if (!stored) throw new Error(`Credential with ID "${id}" does not exist for type "${type}".`);
		return new core.Credentials({ id: stored.id, name: stored.name }, type, stored.data);
	}

	async getDecrypted(
		_additionalData: IWorkflowExecuteAdditionalData,
		nodeCredentials: INodeCredentialsDetails,
		type: string,
		mode: WorkflowExecuteMode,
		_executeData?: unknown,
		raw?: boolean,
		resolve?: ICredentialsExpressionResolveValues,
	): Promise<ICredentialDataDecryptedObject> {
		const credentials = await this.getCredentials(nodeCredentials, type);
		const stored = await credentials.getData();
		if (raw || !resolve) return stored;
		const withDefaults = NodeHelpers.getNodeParameters(
			this.getCredentialsProperties(type),
			stored as INodeParameters,
			true,
			false,
			null,
			null,
		) as INodeParameters;
		return resolve.workflow.expression.getParameterValue(
			withDefaults,
			resolve.runExecutionData,
			resolve.runIndex,
			resolve.itemIndex,
			resolve.node.name,
			resolve.connectionInputData,
			mode,
			{},
			undefined,
			false,
			withDefaults,
		) as ICredentialDataDecryptedObject;
	}

	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		typeName: string,
		request: IHttpRequestOptions | IRequestOptionsSimplified,
	): Promise<IHttpRequestOptions> {
		const authenticate = this.#types.get(typeName)?.authenticate;
		if (typeof authenticate !== 'function') throw new Error(`${typeName} cannot authenticate`);
		return await authenticate(credentials, request as IHttpRequestOptions);
	}

	getCredentialsProperties(type: string): INodeProperties[] {
		return this.#types.get(type)?.properties ?? [];
	}

	getParentTypes(): string[] {
		return [];
	}

	isCredentialUsableByNode(): boolean {
		return true;
	}

	async preAuthentication(): Promise<undefined> {}

	async runPreAuthentication(): Promise<undefined> {}

	async updateCredentials(): Promise<void> {}

	async updateCredentialsOauthTokenData(): Promise<void> {}
}
