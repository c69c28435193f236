import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { chromium, selectors, type Browser, type Locator, type Page } from 'playwright-core';

import { OWNER } from '../../../tools/n8n/api';
import type { N8n } from '../../../tools/n8n/server';
import { line } from '../line';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];
/** Where the pictures of the last run are. Git does not keep them. */
const PICTURES = join(__dirname, '../screenshots', line);
/** What a busy computer may need. */
const PATIENCE_MS = 30_000;

/** n8n's editor, in a browser without a window. */
export class Editor {
	private constructor(
		readonly browser: Browser,
		readonly page: Page,
		readonly n8n: N8n,
	) {}

	/** @throws Error that says what to install, if there is no Chromium. */
	static async open(n8n: N8n): Promise<Editor> {
		const executablePath = process.env.CHROMIUM || browserOnPath();
		if (!executablePath) {
			throw new Error(
				'No Chromium: install it (Debian: apt-get install chromium), or name it in CHROMIUM.',
			);
		}
		selectors.setTestIdAttribute('data-test-id');
		const offline = ['--disable-background-networking', '--disable-component-update'];
		const browser = await chromium.launch({
			executablePath,
			args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync', ...offline],
		});
		try {
			const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
			page.setDefaultTimeout(PATIENCE_MS);
			const editor = new Editor(browser, page, n8n);
			await editor.#signIn();
			return editor;
		} catch (error) {
			await browser.close();
			throw error as Error;
		}
	}

	async #signIn(): Promise<void> {
		await this.page.goto(`${this.n8n.url}/signin`);
		await this.page.locator('input[type=email], input[name=emailOrLdapLoginId]').fill(OWNER.email);
		await this.page.locator('input[type=password]').fill(OWNER.password);
		await this.page.getByRole('button', { name: 'Sign in' }).click();
		await this.page.waitForURL((url) => !url.pathname.includes('signin'));
	}

	/** Leaves what was open, without saving it. */
	async openWorkflow(id: string): Promise<void> {
		await this.page.goto(`${this.n8n.url}/workflow/${id}`);
		await this.byId('canvas-node').first().waitFor();
	}

	/** Takes a workflow from a file, by the menu of a new one, and saves it. */
	async importFile(path: string): Promise<void> {
		await this.page.goto(`${this.n8n.url}/workflow/new`);
		await this.#openMenu();
		const entry = this.byId('workflow-menu-item-import-from-file');
		const folder = this.byId('workflow-menu-item-import');
		// n8n 2 has it one level below.
		await folder.or(entry).waitFor();
		if (await folder.isVisible()) await folder.hover();
		const [chooser] = await Promise.all([this.page.waitForEvent('filechooser'), entry.click()]);
		await chooser.setFiles(path);
		await this.byId('canvas-node').first().waitFor();
		await this.save();
	}

	/** n8n 2 does it by itself. */
	async save(): Promise<void> {
		const button = this.byId('workflow-save-button');
		if (await button.isVisible()) await button.click();
		await this.page.waitForURL((url) => !url.pathname.endsWith('/new'));
	}

	/** Sets settings of the open workflow, by their labels. */
	async setSettings(settings: Readonly<Record<string, string>>): Promise<void> {
		await this.#openMenu();
		await this.byId('workflow-menu-item-settings').click();
		const dialog = this.byId('workflow-settings-dialog');
		for (const [label, value] of Object.entries(settings)) {
			const row = dialog.locator('.el-row', { hasText: label });
			await this.choose(row.locator('.el-select'), value);
		}
		const save = { name: 'Save', exact: true };
		await this.page.getByRole('dialog').getByRole('button', save).click();
		await dialog.waitFor({ state: 'hidden' });
	}

	async #openMenu(): Promise<void> {
		await this.byId('workflow-menu').first().click();
	}

	/** By the `data-test-id` that n8n gives to its parts. */
	byId(id: string): Locator {
		return this.page.getByTestId(id);
	}

	/** The node on the canvas. */
	node(name: string): Locator {
		return this.page.locator(`[data-test-id=canvas-node][data-node-name="${name}"]`);
	}

	/** Opens the list of nodes, with what a search finds. */
	async searchNodes(text: string): Promise<Locator> {
		if (!(await this.byId('node-creator-search-bar').isVisible())) {
			await this.byId('node-creator-plus-button').click();
		}
		await this.byId('node-creator-search-bar').waitFor();
		await this.page.keyboard.press('Control+A');
		await this.page.keyboard.type(text);
		return this.byId('node-creator');
	}

	/** Opens the node's panel. */
	async openNode(name: string): Promise<Locator> {
		await this.node(name).dblclick();
		await this.byId('node-parameters').waitFor();
		return this.byId('node-parameters');
	}

	/** Opens the dialog for a new credential of the open node. */
	async newCredential(): Promise<void> {
		await this.byId('node-credentials-select').click();
		await this.byId('node-credentials-select-item-new').click();
		await this.byId('editCredential-modal').waitFor();
	}

	/** Waits until the credential in the dialog passes its test. */
	async credentialAccepted(): Promise<void> {
		// n8n 1 says so in the dialog, n8n 2 closes it, and neither does if the test fails.
		await Promise.any([
			this.byId('credentials-config-container-test-success').waitFor(),
			this.byId('editCredential-modal').waitFor({ state: 'hidden' }),
		]);
	}

	/** Closes a dialog, if n8n has not done so. */
	async leaveDialog(id: string): Promise<void> {
		if (await this.byId(id).isVisible()) await this.page.keyboard.press('Escape');
		await this.byId(id).waitFor({ state: 'hidden' });
	}

	/** Goes from the node's panel back to the canvas. */
	async leaveNode(): Promise<void> {
		await this.byId('ndv-close-button').or(this.byId('back-to-canvas')).click();
		await this.byId('node-parameters').waitFor({ state: 'hidden' });
	}

	/** Takes an entry of a dropdown. */
	async choose(dropdown: Locator, entry: string): Promise<void> {
		await dropdown.click();
		await this.entries().getByText(entry, { exact: true }).click();
		await this.entries().waitFor({ state: 'hidden' });
	}

	/** Opens a dropdown, and closes it again. @returns What it offers, a line each. */
	async offeredBy(dropdown: Locator): Promise<string[]> {
		await dropdown.click();
		const text = await this.entries().innerText();
		await dropdown.click();
		await this.entries().waitFor({ state: 'hidden' });
		return text.trim().split(/\s*\n\s*/);
	}

	/** The dropdown that is open. */
	entries(): Locator {
		return this.page.locator('.el-select-dropdown:visible').last();
	}

	/** A field of the open node or credential, by the name of its parameter. */
	parameter(name: string): Locator {
		return this.byId(`parameter-input-${name}`);
	}

	/**
	 * Runs the workflow, and waits until it has ended.
	 *
	 * @param trigger What starts it, where there are several.
	 */
	async execute(trigger?: string): Promise<void> {
		const hasText = /Workflow executed successfully|Problem in node|Problem executing/;
		const notice = this.page.locator('.el-notification', { hasText });
		// It covers the canvas when the pointer is on the trigger.
		if (trigger) await this.node(trigger).hover();
		await this.startButton(trigger).click();
		await notice.waitFor();
		// It may go by itself before it is closed.
		await notice
			.locator('.el-notification__closeBtn')
			.click({ timeout: 2000 })
			.catch(() => {});
		await notice.waitFor({ state: 'hidden' });
	}

	/** Starts the workflow, or one of its triggers. */
	startButton(trigger?: string): Locator {
		const id = trigger ? `execute-workflow-button-${trigger}` : 'execute-workflow-button';
		return this.byId(id).first();
	}

	/**
	 * Takes two pictures, light and dark.
	 *
	 * @param of The whole page, if not a part of it.
	 */
	async picture(name: string, of: Page | Locator = this.page): Promise<void> {
		await mkdir(PICTURES, { recursive: true });
		for (const colorScheme of ['dark', 'light'] as const) {
			await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
			await of.screenshot({
				path: join(PICTURES, `${name}.${colorScheme}.png`),
				animations: 'disabled',
			});
		}
	}

	async close(): Promise<void> {
		await this.browser.close();
	}
}

function browserOnPath(): string | undefined {
	const folders = (process.env.PATH ?? '').split(delimiter);
	return folders.flatMap((folder) => BROWSERS.map((name) => join(folder, name))).find(existsSync);
}
