import { systemClock } from '#kit/lifecycle/clock.ts';

const longestMs = 60_000;
const pauseMs = 100;

/** Waits until the sidecar on this host is ready to be called, a minute at most; never fails. */
export async function waitUntilOutboundReady(port: number, signal: AbortSignal): Promise<void> {
  const until = systemClock.now() + longestMs;
  while (!signal.aborted && systemClock.now() < until && !(await isReady(port, signal))) {
    await systemClock.pause(pauseMs, signal);
  }
}

async function isReady(port: number, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/v1.0/healthz/outbound`, { signal });
    return response.ok;
  } catch {
    return false;
  }
}
