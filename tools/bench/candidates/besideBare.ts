import { client } from './client';
import { bareUndici } from './loops';

/** The client alone, and what sending and receiving take at least. */
export const BESIDE_BARE = { client, bareUndici } as const;

export type BesideBare = keyof typeof BESIDE_BARE;
