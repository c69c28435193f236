import * as core from 'n8n-core';

/** Whether the engine is n8n 1's. A class that only n8n-core 2 exports tells the two apart. */
export const isN8n1 = !('EncryptionKeyProxy' in core);
