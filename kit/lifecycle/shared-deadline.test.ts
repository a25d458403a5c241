import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { sharedDeadline } from './shared-deadline.ts';

describe('a shared deadline', () => {
  it('fires for all that began together, not before their time is over', async () => {
    const began = performance.now();
    const deadline = sharedDeadline(80, new AbortController().signal);
    const [first, second] = [deadline(), deadline()];
    expect(second).toBe(first);
    await eventually(() => expect(first.aborted).toBe(true));
    expect(performance.now() - began).toBeGreaterThanOrEqual(80);
    expect(String(first.reason)).toContain('longer than 80 ms');
    expect(deadline().aborted).toBe(false);
  });

  it('fires when everything ends', () => {
    const ends = new AbortController();
    const deadline = sharedDeadline(60_000, ends.signal);
    const signal = deadline();
    ends.abort(new Error('over'));
    expect(String(signal.reason)).toContain('over');
  });
});
