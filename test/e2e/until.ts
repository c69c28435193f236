import { until as cameAbout } from '../../tools/common/until';

/** Waits for something to come about. @throws Error with what `context` says, if it has not after 600 looks. */
export async function until(
	holds: () => boolean | Promise<boolean>,
	context: () => string = () => '',
): Promise<void> {
	if (await cameAbout(holds, { looks: 600, everyMs: 100 })) return;
	throw new Error(`It did not come about. ${context()}`);
}
