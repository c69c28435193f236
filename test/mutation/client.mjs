import { optionsFor } from './options.mjs';

const tests = ['test/kis', 'test/properties', 'test/package/readme'];
export default optionsFor('client', ['kis/**/*.ts', '!**/*.d.ts'], tests);
