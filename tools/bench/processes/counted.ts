// Revokes tokens once and ends, to be run under callgrind: node counted.js CANDIDATE URL FILE COUNT
import { readFileSync } from 'node:fs';

import { BESIDE_BARE, type BesideBare } from '../candidates/besideBare';
import type { Tokens } from '../sections/plainKis';

/** How many times as long everything takes under callgrind. */
const SLOWNESS = 50;

// By the true clock each token would have a turn of the event loop to itself, or several on a busy computer.
const trueTime = performance.now.bind(performance);
performance.now = () => trueTime() / SLOWNESS;

const [candidate, url, file, count] = process.argv.slice(2);
const { app, tokens } = JSON.parse(readFileSync(file, 'utf8')) as Tokens;
const task = { url, app, tokens: tokens.slice(0, Number(count)), limit: null };
void BESIDE_BARE[candidate as BesideBare].run(task);
