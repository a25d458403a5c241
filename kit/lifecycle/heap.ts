import { performance } from 'node:perf_hooks';
import { quietAfterWork } from './quiet.ts';

/** How long the process must be quiet before memory is given back. */
const everyMs = 5_000;

/**
 * Keeps the heap of a long-lived process small: once quiet has come after work, everything that can be freed is, and
 * given back to the system. Needs Node's --expose-gc, which launchers and images give; figures in docs/adr/0031.
 */
export function keepHeapSmall(): void {
  const { gc } = globalThis;
  if (gc === undefined) return;
  let since = performance.eventLoopUtilization();
  const isTime = quietAfterWork();
  const watch = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, since);
    since = now;
    if (isTime(utilization)) gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }, everyMs);
  watch.unref();
}
