import { randomUUID } from 'node:crypto';

/** Identifies this process to the other workers: random, and new with each start. */
export const PROCESS = randomUUID();
