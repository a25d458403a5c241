import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { quietAfterWork } from './quiet.ts';

/** How often is looked. */
const everyMs = 5_000;

/**
 * For so many looks there must be quiet before memory is given back: with the objects of the last requests, the collection
 * drops all code that was optimized for their shapes, and the next request would be run by the interpreter.
 */
const looksOfQuiet = 6;

/** V8 lets twice this lie about as texts and buffers of large messages that nobody holds any more. */
const mostGrownBytes = 32 * 1024 * 1024;

function heldBytes(): number {
  const { used_heap_size: heap, external_memory: buffers } = getHeapStatistics();
  return heap + buffers;
}

/**
 * Keeps the heap of a long-lived process small: once quiet has come after work, everything that can be freed is, and
 * given back to the system; when work has become calm, or much lies about, what is cheap to free is. Needs Node's
 * --expose-gc, which launchers and images give; figures in docs/adr/0031.
 */
export function keepHeapSmall(): void {
  const { gc } = globalThis;
  if (gc === undefined) return;
  let since = performance.eventLoopUtilization();
  const restsAfterWork = quietAfterWork(looksOfQuiet);
  let kept = heldBytes();
  const watch = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, since);
    since = now;
    const rest = restsAfterWork(utilization);
    if (!rest && heldBytes() - kept < mostGrownBytes) return;
    gc({ type: 'major', execution: 'sync', flavor: rest === 'quiet' ? 'last-resort' : 'regular' });
    kept = heldBytes();
  }, everyMs);
  watch.unref();
}
