import { fault } from '#kit/errors/fault.ts';
import { intFlag } from '#kit/flags/flag.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { type Binary, runBinary, type World } from './binary.ts';

type Table = { size: ReturnType<typeof intFlag> };

function fakeWorld(argv: string[]) {
  const seen = { out: '', err: '', codes: [] as number[] };
  const listeners = new Map<string, () => void>();
  const world: World = {
    argv,
    env: {},
    stdout: { write: (text) => (seen.out += text) },
    stderr: { write: (text) => (seen.err += text) },
    exit: (code) => void seen.codes.push(code),
    on: (event, listener) => listeners.set(event, listener),
  };
  return { world, seen, send: (event: string) => listeners.get(event)?.() };
}

function binary(run: Binary<Table, number>['run']): Binary<Table, number> {
  return {
    name: 'tool',
    summary: 'does it',
    version: '1.2.3',
    scope: 'dapr.tool',
    flags: { size: intFlag('How big', 3) },
    configure: ({ values }) => {
      if (values.size > 10) throw fault('invalid-config', '--size must be at most 10');
      return values.size;
    },
    logging: () => ({ level: 'info', json: false }),
    run,
  };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('runBinary', () => {
  it('prints help and version without running', async () => {
    for (const [flag, text] of [
      ['--help', '--size int'],
      ['--version', '1.2.3'],
    ] as const) {
      const { world, seen } = fakeWorld([flag]);
      await runBinary(
        binary(() => Promise.reject(new Error('ran'))),
        world,
      );
      expect(seen.out).toContain(text);
      expect(seen.codes).toEqual([0]);
    }
  });

  it('exits 1 with every problem on stderr when flags or configuration are bad', async () => {
    for (const [argv, text] of [
      [['--size=x', '--sise=1'], 'did you mean --size?'],
      [['--size=11'], 'at most 10'],
    ] as const) {
      const { world, seen } = fakeWorld([...argv]);
      await runBinary(
        binary(() => Promise.reject(new Error('ran'))),
        world,
      );
      expect(seen.err).toContain(text);
      expect(seen.codes).toEqual([1]);
    }
  });

  it('drains on the first signal and exits 0', async () => {
    const { world, seen, send } = fakeWorld([]);
    const ended = runBinary(
      binary((_, { signal }) => untilAborted(signal)),
      world,
    );
    send('SIGTERM');
    await ended;
    expect(seen.codes).toEqual([0]);
  });

  it('calls the last who asked for it on SIGHUP, and runs on', async () => {
    const { world, seen, send } = fakeWorld([]);
    const calls: string[] = [];
    const ended = runBinary(
      binary(async (_, { signal, onHangup }) => {
        onHangup?.(() => calls.push('first'));
        onHangup?.(() => calls.push('second'));
        await untilAborted(signal);
      }),
      world,
    );
    send('SIGHUP');
    expect(calls).toEqual(['second']);
    send('SIGTERM');
    await ended;
    expect(seen.codes).toEqual([0]);
  });

  it('exits 1 at once on a second signal', () => {
    const { world, seen, send } = fakeWorld([]);
    void runBinary(
      binary(() => new Promise(() => {})),
      world,
    );
    send('SIGINT');
    send('SIGINT');
    expect(seen.codes).toEqual([1]);
  });

  it('exits 0 when the signal cuts short what it was waiting for', async () => {
    const { world, seen, send } = fakeWorld([]);
    const ended = runBinary(
      binary(async (_, { signal }) => {
        await untilAborted(signal);
        signal.throwIfAborted();
      }),
      world,
    );
    send('SIGTERM');
    await ended;
    expect(seen.codes).toEqual([0]);
  });

  it('logs a failure once and exits 1', async () => {
    const { world, seen } = fakeWorld([]);
    await runBinary(
      binary(() => Promise.reject(fault('unavailable', 'no peer'))),
      world,
    );
    expect(seen.out).toContain('level=fatal msg="Fatal error from tool: no peer"');
    expect(seen.codes).toEqual([1]);
  });
});
