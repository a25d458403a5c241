import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { fakeClock } from '../testing/fake-clock.ts';
import { type Reconcile, startWorkQueue } from './work-queue.ts';

function start(reconcile: Reconcile, concurrency = 1) {
  const clock = fakeClock();
  const abort = new AbortController();
  const queue = startWorkQueue({
    name: 'test',
    reconcile,
    log: silentLogger,
    signal: abort.signal,
    concurrency,
    clock,
  });
  return { queue, clock, abort };
}

describe('startWorkQueue', () => {
  it('takes a key once however often it is asked for before its turn', async () => {
    const seen: string[] = [];
    const { queue, clock } = start(async (key) => void seen.push(key));
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    await clock.advance(0);
    expect(seen).toEqual(['a', 'b']);
  });

  it('gives a key one more turn when asked for it during its turn, never two at once', async () => {
    let running = 0;
    let turns = 0;
    const gate = Promise.withResolvers<void>();
    const { queue, clock } = start(async () => {
      expect(++running).toBe(1);
      turns++;
      await gate.promise;
      running--;
    }, 4);
    queue.add('a');
    await clock.advance(0);
    queue.add('a');
    queue.add('a');
    gate.resolve();
    await clock.advance(0);
    expect(turns).toBe(2);
  });

  it('comes back after a doubling pause when it fails, from the start again after a success', async () => {
    const at: number[] = [];
    let broken = true;
    const { queue, clock } = start(async () => {
      at.push(clock.now());
      if (broken) throw new Error('not yet');
    });
    const began = clock.now();
    queue.add('a');
    await clock.advance(1_000);
    expect(at.map((time) => time - began)).toEqual([0, 100, 300, 700]);
    broken = false;
    await clock.advance(1_000);
    expect(at).toHaveLength(5);
  });

  it('comes back when the reconciliation asks for it', async () => {
    let turns = 0;
    const { queue, clock } = start(async () => (++turns < 3 ? { requeueAfterMs: 1_000 } : undefined));
    queue.add('a');
    await clock.advance(10_000);
    expect(turns).toBe(3);
  });

  it('takes of several pauses of a key the one that ends first, so that asking often brings no turns of its own', async () => {
    const at: number[] = [];
    const { queue, clock } = start(async () => {
      at.push(clock.now());
      return { requeueAfterMs: 1_000 };
    });
    const began = clock.now();
    for (let i = 0; i < 5; i++) {
      queue.add('a');
      await clock.advance(100);
    }
    queue.addAfter('a', 200);
    await clock.advance(2_000);
    expect(at.map((time) => time - began)).toEqual([0, 100, 200, 300, 400, 700, 1_700]);
  });

  it('waits for what is under way when it ends, and starts nothing more', async () => {
    const seen: string[] = [];
    const { queue, clock, abort } = start(async (key, signal) => {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      seen.push(key);
    });
    queue.add('a');
    queue.add('b');
    await clock.advance(0);
    abort.abort();
    await queue[Symbol.asyncDispose]();
    expect(seen).toEqual(['a']);
  });
});
