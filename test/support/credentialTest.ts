import '../../tools/engine/settings';
import 'reflect-metadata';
import { CredentialTestContext } from 'n8n-core';
import {
	NodeHelpers,
	type ICredentialDataDecryptedObject,
	type ICredentialType,
	type INodeParameters,
	type INodeType,
	type IWorkflowExecuteAdditionalData,
} from 'n8n-workflow';

/**
 * Tests a credential as n8n's dialog does: by the function that the node names for it, with the helpers that n8n's engine
 * gives to such functions.
 *
 * @returns What the dialog says is wrong; `null` if it says that the connection works.
 */
export async function testCredential(
	node: INodeType,
	type: ICredentialType,
	fields: ICredentialDataDecryptedObject,
): Promise<string | null> {
	if (type.test) throw new Error(`n8n would take ${type.name}'s own test`);
	const { testedBy } = node.description.credentials?.find(({ name }) => name === type.name) ?? {};
	const test = typeof testedBy === 'string' && node.methods?.credentialTest?.[testedBy];
	if (!test) throw new Error(`${node.description.name} has no test for ${type.name}`);
	const data = NodeHelpers.getNodeParameters(
		type.properties,
		fields as INodeParameters,
		true,
		false,
		null,
		null,
	) as ICredentialDataDecryptedObject;
	const context = new CredentialTestContext({} as IWorkflowExecuteAdditionalData);
	const credential = { id: 'tested', name: 'tested', type: type.name, data };
	const { status, message } = await test.call(context, credential);
	return status === 'OK' ? null : message;
}
