// Operations that the node does not have: n8n adds one to the list, and a workflow may have been edited by hand.
import { operations } from '../../nodes/KisToken/operations';
import { errorOf, failing, runNode, tokenItems, useSandbox } from '../support/workflow';

const sandbox = useSandbox();
const input = tokenItems('one', 'another');

describe('Custom API Call, which n8n adds to the list', () => {
	const operation = '__CUSTOM_API_CALL__';

	test('the error says which node makes one, and with which settings', async () => {
		const run = await runNode(sandbox(), { operation, input, ...failing });
		expect(run.items).toHaveLength(2);
		const { message, description, outcome } = errorOf(run);
		expect(message).toBe(
			'Nothing was sent to KIS: a Custom API Call is made with the HTTP Request node',
		);
		expect(description).toContain('In an HTTP Request node');
		expect(description).toContain('Predefined Credential Type');
		expect(description).toContain('KIS API');
		expect(outcome).toBe('notSent');
		expect(sandbox().connections).toBe(0);
	});

	test('so does the error of a run that stops', async () => {
		const { error } = await runNode(sandbox(), { operation, input });
		expect(error?.message).toContain('a Custom API Call is made with the HTTP Request node');
		expect(error?.description).toContain('In an HTTP Request node');
	});
});

test.each(['refresh', 'toString', '', '={{ null }}', '={{ $json.absent.absent }}'])(
	'%j asks to choose one',
	async (operation) => {
		const run = await runNode(sandbox(), { operation, input, ...failing });
		expect(errorOf(run).message).toContain('the Operation is not one of this node');
		expect(errorOf(run).description).toContain('Choose one in the node.');
		expect(sandbox().connections).toBe(0);
	},
);

test('if the node itself breaks off, each item says so, and what that means', async () => {
	const run = jest.spyOn(operations.revoke, 'run').mockRejectedValue(new Error('broken'));
	const { items } = await runNode(sandbox(), { input, ...failing });
	run.mockRestore();
	const error = {
		outcome: 'unknown',
		message: 'The token may be dead or still live: the node itself broke off',
	};
	expect(items.map(({ json }) => json.error)).toEqual(
		Array(2).fill(expect.objectContaining(error)),
	);
});
