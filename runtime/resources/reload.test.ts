import { type Resiliency, resiliency } from '#crds/resiliency.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { startReload } from './reload.ts';
import type { ResourceChange } from './source.ts';

const named = (name: string) => resiliency.parse({ metadata: { name } });

function world() {
  const clock = fakeClock();
  const abort = new AbortController();
  const rounds: string[] = [];
  let changed: (change?: ResourceChange<Resiliency>) => void = () => {};
  let well = true;
  let gate = Promise.resolve();
  let failing = false;
  startReload({
    kind: resiliency,
    source: {
      relist: async () => {
        if (failing) throw new Error('away');
        return { resources: [named('a')] as never[], complete: true };
      },
      watch: (_kind, callback) => {
        changed = callback as never;
      },
    },
    async apply(list, retry) {
      rounds.push(`${retry ? 'retry ' : ''}${list.resources.map(({ metadata }) => metadata.name).join()}`);
      await gate;
      return well;
    },
    everyMs: 60_000,
    clock,
    log: silentLogger,
    signal: abort.signal,
  });
  return {
    clock,
    abort,
    rounds,
    changed: (change?: ResourceChange<Resiliency>) => changed(change),
    setWell: (on: boolean) => {
      well = on;
    },
    hold: (until: Promise<void>) => {
      gate = until;
    },
    fail: (on: boolean) => {
      failing = on;
    },
  };
}

describe('startReload', () => {
  it('applies a list after each change and by the clock', async () => {
    const { clock, rounds, changed } = world();
    changed();
    await clock.advance(60_000);
    expect(rounds).toEqual(['a', 'a']);
  });

  it('applies one list at a time, and one more for all changes meanwhile', async () => {
    const { clock, rounds, changed, hold } = world();
    const done = Promise.withResolvers<void>();
    hold(done.promise);
    for (let i = 0; i < 5; i++) {
      changed();
      await clock.advance(1);
    }
    expect(rounds).toHaveLength(1);
    done.resolve();
    await clock.advance(1);
    expect(rounds).toHaveLength(2);
  });

  it('makes single changes to the last list without asking for another', async () => {
    const { clock, rounds, changed, fail } = world();
    changed();
    await clock.advance(1);
    fail(true);
    changed({ type: 'put', resource: named('b') });
    await clock.advance(1);
    changed({ type: 'delete', resource: named('a') });
    await clock.advance(1);
    expect(rounds).toEqual(['a', 'a,b', 'b']);
  });

  it('tries again what failed, after a growing pause', async () => {
    const { clock, rounds, changed, setWell } = world();
    setWell(false);
    changed();
    await clock.advance(3_500);
    expect(rounds).toEqual(['a', 'retry a', 'retry a']);
    setWell(true);
    await clock.advance(30_000);
    expect(rounds).toHaveLength(4);
  });

  it('outlives a source that is away, and ends with its signal', async () => {
    const { clock, abort, rounds, changed, fail } = world();
    fail(true);
    changed();
    await clock.advance(1);
    fail(false);
    changed();
    await clock.advance(1);
    abort.abort();
    await clock.advance(120_000);
    expect(rounds).toEqual(['a']);
  });
});
