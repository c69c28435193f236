/** What has to be undone, the last first. */
export class CleanUp {
	readonly #steps: Array<() => Promise<void>> = [];

	/** Builds something up; if that fails, what was built by then is undone. */
	static async onFailure<T>(build: (cleanUp: CleanUp) => Promise<T>): Promise<T> {
		const cleanUp = new CleanUp();
		try {
			return await build(cleanUp);
		} catch (error) {
			await cleanUp.run();
			throw error as Error;
		}
	}

	add(undo: () => Promise<void>): void {
		this.#steps.push(undo);
	}

	async run(): Promise<void> {
		for (let undo; (undo = this.#steps.pop()); ) await undo();
	}
}
