import { join } from 'node:path';

/** A release line of n8n, pinned by the lock file in its folder. */
export type Release = '1.123' | '2.40';

/** Which one the running tests are for, as `jest.config.js` says. */
export const release = (globalThis as unknown as { readonly n8nRelease: Release }).n8nRelease;

export const folderOf = (of: Release) => join(__dirname, '../releases', of);
