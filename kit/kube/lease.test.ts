import { fault } from '#kit/errors/fault.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { fakeClock } from '../testing/fake-clock.ts';
import { fakeKube } from '../testing/fake-kube.ts';
import { withLease } from './lease.ts';
import { resources } from './resource.ts';

const at = { namespace: 'system', name: 'boss' };
type Lease = { metadata: object; spec: { holderIdentity: string; leaseTransitions: number } };

function world() {
  const kube = fakeKube();
  const clock = fakeClock();
  const leading: string[] = [];
  const contend = (identity: string, client = kube.client) => {
    const abort = new AbortController();
    const done = withLease(
      { client, ...at, identity, log: silentLogger, signal: abort.signal, clock },
      async (signal) => {
        leading.push(`+${identity}`);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        leading.push(`-${identity}`);
      },
    );
    return { done, abort };
  };
  const holder = () => kube.read<Lease>(resources.leases, at)?.spec.holderIdentity;
  return { kube, clock, leading, contend, holder };
}

describe('withLease', () => {
  it('lets one lead, and the next as soon as the first gives up', async () => {
    const { clock, leading, contend, holder } = world();
    const a = contend('a');
    await clock.advance(0);
    const b = contend('b');
    await clock.advance(60_000);
    expect(leading).toEqual(['+a']);
    a.abort.abort();
    await a.done;
    expect(holder()).toBe('');
    await clock.advance(2_000);
    expect(leading).toEqual(['+a', '-a', '+b']);
    b.abort.abort();
    await b.done;
  });

  it('takes over from a holder that fell silent, after its time', async () => {
    const { kube, clock, leading, contend } = world();
    kube.put(resources.leases, {
      metadata: at,
      spec: { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2099-01-01T00:00:00.000000Z' },
    });
    const a = contend('a');
    await clock.advance(14_000);
    expect(leading).toEqual([]);
    await clock.advance(4_000);
    expect(leading).toEqual(['+a']);
    expect(kube.read<Lease>(resources.leases, at)?.spec.leaseTransitions).toBe(1);
    a.abort.abort();
    await a.done;
  });

  it('stops leading before its time is up when it cannot renew', async () => {
    const { kube, clock, leading, contend } = world();
    const a = contend('a');
    await clock.advance(0);
    for (let i = 0; i < 10; i++) kube.failNext('update', fault('unavailable', 'no route'));
    await clock.advance(14_000);
    expect(leading).toEqual(['+a', '-a']);
    a.abort.abort();
    await a.done;
  });

  it('stops leading at once when another holds the lease', async () => {
    const { kube, clock, leading, contend } = world();
    const a = contend('a');
    await clock.advance(0);
    kube.put(resources.leases, { metadata: at, spec: { holderIdentity: 'thief', leaseDurationSeconds: 15 } });
    await clock.advance(2_000);
    expect(leading).toEqual(['+a', '-a']);
    a.abort.abort();
    await a.done;
  });
});
