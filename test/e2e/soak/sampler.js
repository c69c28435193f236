// Preloaded into n8n. Appends to a file, every so often, what the process holds and uses: one sample in JSON a line, see
// samples.ts.
const { appendFileSync, readdirSync, readlinkSync } = require('node:fs');
const { monitorEventLoopDelay, performance } = require('node:perf_hooks');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

const { SOAK_SAMPLES: file, SOAK_SAMPLE_MS: everyMs } = process.env;
const RESOLUTION_MS = 10;
/** Of so many samples, one begins with a garbage collection. */
const SAMPLES_TO_COLLECTION = 6;

/** Milliseconds of processor time so far, of user and system, in all threads. */
function cpuMs() {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1000;
}

function openFiles() {
	return readdirSync('/proc/self/fd').map((fd) => {
		try {
			return readlinkSync(`/proc/self/fd/${fd}`);
		} catch {
			return ''; // Closed meanwhile.
		}
	});
}

function sampleForever() {
	setFlagsFromString('--expose-gc');
	const collectGarbage = runInNewContext('gc');
	const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
	const beyondResolution = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
	let collectingCpuMs = 0;
	let since = performance.eventLoopUtilization();
	let samples = 0;

	const sample = () => {
		delays.disable();
		const now = performance.eventLoopUtilization();
		const open = openFiles();
		const { rss, heapUsed } = process.memoryUsage();
		const taken = {
			at: Date.now(),
			rss,
			heapUsed,
			files: open.length,
			sockets: open.filter((name) => name.startsWith('socket:')).length,
			delayP50Ms: beyondResolution(delays.percentile(50)),
			delayP99Ms: beyondResolution(delays.percentile(99)),
			delayMaxMs: beyondResolution(delays.max),
			busy: performance.eventLoopUtilization(now, since).utilization,
			cpuMs: cpuMs() - collectingCpuMs,
		};
		// It takes a while, which is none of n8n's: neither of its delays nor of its processor time.
		if (samples++ % SAMPLES_TO_COLLECTION === 0) {
			const before = cpuMs();
			collectGarbage();
			taken.liveHeap = process.memoryUsage().heapUsed;
			collectingCpuMs += cpuMs() - before;
		}
		appendFileSync(file, `${JSON.stringify(taken)}\n`);
		since = performance.eventLoopUtilization();
		delays.reset();
		delays.enable();
	};
	delays.enable();
	setInterval(sample, Number(everyMs)).unref();
}

// n8n's other commands, and what it starts, inherit the environment.
if (process.argv[2] === 'start') sampleForever();
