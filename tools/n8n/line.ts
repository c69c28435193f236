import { join } from 'node:path';

/** A release line of n8n, pinned by the lock file in its folder. */
export type Line = '1.123' | '2.40' | '2.41';

export const folderOf = (line: Line) => join(__dirname, 'lines', line);
