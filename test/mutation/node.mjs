import { optionsFor } from './options.mjs';

const tests = ['test/node', 'test/attack', 'test/package/readme'];
export default optionsFor('node', ['{nodes,credentials}/**/*.ts'], tests);
