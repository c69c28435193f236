// What is tried: objects with any names and values, some names several times, with and without escapes and nesting.
import fc from 'fast-check';

import { readJsonObject } from '../../kis/input/json';
import { property } from '../support/properties';

const name = fc.oneof(fc.constantFrom('a', 'b', '', '__proto__', '"', ':', '\\'), fc.string());
const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.jsonValue());

property(
	'an object is read unless a name is there twice',
	[fc.array(fc.tuple(name, value), { maxLength: 4 }), fc.constantFrom('', ' ', '\n')],
	(fields, space) => {
		const members = fields.map((field) => field.map((it) => JSON.stringify(it)).join(`${space}:`));
		const json = `{${space}${members.join(`,${space}`)}}`;
		const isUnique = new Set(fields.map(([it]) => it)).size === fields.length;
		const expected = isUnique ? { __proto__: null, ...(JSON.parse(json) as object) } : null;
		expect(readJsonObject(json)).toEqual(expected);
	},
);

property(
	'nor is it read if a name is twice in an object inside',
	[fc.array(name, { minLength: 1, maxLength: 3 }), value, fc.constantFrom('{"x":', '[1,')],
	(names, inside, opening) => {
		const members = names.map((it) => `${JSON.stringify(it)}:${JSON.stringify(inside)}`).join();
		const json = `{"data":${opening}{${members}}${opening === '[1,' ? ']' : '}'}}`;
		const isUnique = new Set(names).size === names.length;
		expect(readJsonObject(json) !== null).toBe(isUnique);
	},
);
