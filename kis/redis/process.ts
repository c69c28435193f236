import { randomUUID } from 'node:crypto';

/** What the others know this process by: random, and another each time it starts. */
export const PROCESS = randomUUID();
