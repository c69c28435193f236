import type { Line } from '../../tools/n8n/line';

/** Which one the running tests are for, as `jest.config.js` says. */
export const line = (globalThis as unknown as { readonly n8nLine: Line }).n8nLine;
