import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { quietAfterWork } from './quiet.ts';

/** How long the process must be quiet before memory is given back. */
const everyMs = 5_000;

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/**
 * Keeps the heap of a long-lived process small: the old generation grows by fifths, and once quiet has come after work,
 * everything that can be freed is, and given back to the system. Figures in docs/adr/0031.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=20');
  setFlagsFromString('--expose-gc');
  let collect: Collect | undefined;
  let since = performance.eventLoopUtilization();
  const isTime = quietAfterWork();
  const watch = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, since);
    since = now;
    if (!isTime(utilization)) return;
    collect ??= runInNewContext('gc') as Collect;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }, everyMs);
  watch.unref();
}
