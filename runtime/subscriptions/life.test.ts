import { fakeClock } from '#kit/testing/fake-clock.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { createLife, type Late } from './life.ts';

function world(late?: Late) {
  const clock = fakeClock();
  const life = createLife(clock, late);
  const waiting: PromiseWithResolvers<string>[] = [];
  const take = life.counted((_message: string) => {
    const one = Promise.withResolvers<string>();
    waiting.push(one);
    return one.promise;
  });
  const outcome = (message: string) => {
    const seen = { is: 'open' };
    take(message, life.signal).then(
      (answer) => {
        seen.is = answer;
      },
      (thrown: Error) => {
        seen.is = thrown.message;
      },
    );
    return seen;
  };
  return { clock, life, waiting, outcome };
}

describe('the life of a subscription', () => {
  it('ends when what is under way is done, and its component had time to say so', async () => {
    const { clock, life, waiting, outcome } = world();
    const first = outcome('a');
    void life.close(30_000);
    await clock.advance(5_000);
    expect(life.signal.aborted).toBe(false);
    waiting[0]!.resolve('taken');
    await clock.advance(399);
    expect([first.is, life.signal.aborted]).toEqual(['taken', false]);
    await clock.advance(1);
    expect(life.signal.aborted).toBe(true);
  });

  it('leaves what comes or fails while it closes to the broker', async () => {
    const { clock, life, waiting, outcome } = world();
    const first = outcome('a');
    void life.close(30_000);
    const late = outcome('b');
    waiting[0]!.reject(new Error('not now'));
    await clock.advance(399);
    expect([first.is, late.is, waiting.length]).toEqual(['open', 'open', 1]);
    await clock.advance(1);
    expect([first.is, late.is]).toEqual(['the subscription has ended', 'the subscription has ended']);
  });

  it('refuses what comes late where that is agreed', async () => {
    const { clock, life, outcome } = world(new Error('input binding is closed'));
    outcome('a');
    void life.close(30_000);
    const late = outcome('b');
    await clock.advance(0);
    expect(late.is).toBe('input binding is closed');
  });

  it('waits no longer than it was told', async () => {
    const { clock, life, outcome } = world();
    outcome('a');
    void life.close(30_000);
    await clock.advance(30_000);
    expect(life.signal.aborted).toBe(true);
  });

  it('is quiet when nothing has come for a while', async () => {
    const { clock, life, waiting, outcome } = world();
    outcome('a');
    let quiet = false;
    void life.quiet(30_000).then(() => {
      quiet = true;
    });
    await clock.advance(1_000);
    waiting[0]!.resolve('taken');
    await clock.advance(50);
    outcome('b');
    await clock.advance(1_000);
    expect(quiet).toBe(false);
    waiting[1]!.resolve('taken');
    await clock.advance(200);
    expect(quiet).toBe(true);
  });
});
