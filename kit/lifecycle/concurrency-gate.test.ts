import { describe, expect, it } from '#kit/testing/test.ts';
import { concurrencyGate } from './concurrency-gate.ts';

describe('a concurrency gate', () => {
  it('lets so many in at once and the next in order', async () => {
    const gate = concurrencyGate(1);
    const entered: string[] = [];
    const leaveFirst = await gate.enter(undefined);
    const second = gate.enter(undefined).then((leave) => {
      entered.push('second');
      return leave;
    });
    const third = gate.enter(undefined).then((leave) => {
      entered.push('third');
      return leave;
    });
    leaveFirst();
    leaveFirst();
    const leaveSecond = await second;
    expect(entered).toEqual(['second']);
    leaveSecond();
    await third;
    expect(entered).toEqual(['second', 'third']);
  });

  it('forgets who stops waiting', async () => {
    const gate = concurrencyGate(1);
    const leave = await gate.enter(undefined);
    const abort = new AbortController();
    const gone = gate.enter(abort.signal);
    abort.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    leave();
    await expect(gate.enter(undefined)).resolves.toBeInstanceOf(Function);
  });

  it('lets everybody through without a limit', async () => {
    const gate = concurrencyGate(-1);
    await Promise.all([gate.enter(undefined), gate.enter(undefined)]);
  });
});
