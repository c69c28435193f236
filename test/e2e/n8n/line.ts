import { join } from 'node:path';

/** A release line of n8n, pinned by the lock file in its folder. */
export type Line = '1.123' | '2.40' | '2.41';

/** Which one the running tests are for, as `jest.config.js` says. */
export const line = (globalThis as unknown as { readonly n8nLine: Line }).n8nLine;

export const folderOf = (of: Line) => join(__dirname, '../lines', of);
