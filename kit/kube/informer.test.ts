import { fault } from '#kit/errors/fault.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterEach, describe, expect, it } from '#kit/testing/test.ts';
import { fakeClock } from '../testing/fake-clock.ts';
import { fakeKube } from '../testing/fake-kube.ts';
import { type InformerOptions, startInformer } from './informer.ts';
import { noInformerMetrics } from './metrics.ts';
import type { KubeObject } from './object.ts';
import { resources } from './resource.ts';

const pod = (name: string, extra: object = {}) => ({ metadata: { namespace: 'shop', name, ...extra } });
const opened: AsyncDisposable[] = [];

afterEach(async () => {
  for (const informer of opened.splice(0)) await informer[Symbol.asyncDispose]();
});

function start(options: Partial<InformerOptions<KubeObject>> = {}) {
  const kube = fakeKube();
  const clock = fakeClock();
  const counted = { missed: 0, stalls: 0, restarts: 0 };
  const informer = startInformer({
    client: kube.client,
    resource: resources.pods,
    log: silentLogger,
    signal: new AbortController().signal,
    clock,
    random: () => 0.5,
    metrics: {
      ...noInformerMetrics,
      missed(count) {
        counted.missed += count;
      },
      stall: () => void counted.stalls++,
      restart: () => void counted.restarts++,
    },
    ...options,
  });
  opened.push(informer);
  const seen: string[] = [];
  informer.subscribe((change) => seen.push(`${change.type} ${change.key}`));
  return { kube, clock, informer, seen, counted };
}

describe('startInformer', () => {
  it('tells of what the list and the watch bring', async () => {
    const { kube, clock, informer, seen } = start();
    kube.put(resources.pods, pod('a'));
    await informer.synced;
    kube.put(resources.pods, pod('b'));
    kube.put(resources.pods, pod('a', { labels: { x: '1' } }));
    kube.remove(resources.pods, { namespace: 'shop', name: 'b' });
    await clock.advance(0);
    expect(seen).toEqual(['added shop/a', 'added shop/b', 'updated shop/a', 'deleted shop/b']);
    expect(informer.list('shop')).toHaveLength(1);
    expect(informer.list('other')).toEqual([]);
  });

  it('goes on from the last version when the server ends a watch', async () => {
    const { kube, clock, informer, seen } = start();
    await informer.synced;
    await clock.advance(5_000);
    kube.endWatches();
    kube.put(resources.pods, pod('a'));
    await clock.advance(0);
    expect(seen).toEqual(['added shop/a']);
    expect(kube.calls.filter((call) => call.startsWith('list'))).toHaveLength(1);
  });

  it('lists again at once when its version is gone', async () => {
    const { kube, clock, informer, seen } = start();
    await informer.synced;
    await clock.advance(5_000);
    kube.muteWatches(true);
    kube.put(resources.pods, pod('a'));
    kube.muteWatches(false);
    kube.endWatches(fault('gone', 'too old'));
    await clock.advance(0);
    expect(seen).toEqual(['added shop/a']);
  });

  it('waits longer with every failure in a row, and never gives up', async () => {
    const kube = fakeKube();
    for (let i = 0; i < 10; i++) kube.failNext('list', fault('unavailable', 'refused'));
    const { clock, informer, counted } = start({ client: kube.client });
    await clock.advance(60_000);
    expect(counted.restarts).toBe(9);
    await clock.advance(60_000);
    expect(informer.isSynced()).toBe(true);
  });

  it('opens a watch anew that tells nothing', async () => {
    const { kube, clock, informer, counted } = start({ timing: { stallMs: 1_000 } });
    await informer.synced;
    await clock.advance(3_500);
    expect(counted.stalls).toBe(3);
    expect(kube.calls.filter((call) => call.startsWith('watch'))).toHaveLength(4);
  });

  it('finds what a watch kept back, counts it and mends it', async () => {
    const { kube, clock, informer, seen, counted } = start({ timing: { stallMs: 1e9 } });
    await informer.synced;
    kube.muteWatches(true);
    kube.put(resources.pods, pod('a'));
    kube.muteWatches(false);
    await clock.advance(600_000 + 11_000);
    expect(counted.missed).toBe(1);
    expect(seen).toEqual(['added shop/a']);
  });

  it('does not count as missed what only came late', async () => {
    const { kube, clock, informer, counted } = start({ timing: { stallMs: 1e9 } });
    await informer.synced;
    kube.muteWatches(true);
    kube.put(resources.pods, pod('a'));
    await clock.advance(600_000);
    kube.muteWatches(false);
    kube.put(resources.pods, pod('a', { labels: { late: 'yes' } }));
    await clock.advance(15_000);
    expect(counted.missed).toBe(0);
  });

  it('is in step, and empty, where the server does not have the kind', async () => {
    const kube = fakeKube();
    kube.failNext('list', fault('not-found', 'no such kind'));
    const { clock, informer } = start({ client: kube.client });
    await informer.synced;
    expect(informer.size).toBe(0);
    kube.put(resources.pods, pod('a'));
    await clock.advance(30_000);
    expect(informer.size).toBe(1);
  });

  it('compares contents where objects carry no version, and lists again after every watch', async () => {
    let items: KubeObject[] = [pod('a')];
    const client = {
      list: async <T>() => ({ items: items as T[] }),
      async *watch() {},
    };
    const { clock, informer, seen } = start({ client });
    await informer.synced;
    await clock.advance(2_000);
    items = [pod('a', { labels: { x: '1' } })];
    await clock.advance(2_000);
    expect(seen).toEqual(['added shop/a', 'updated shop/a']);
  });

  it('keeps only what the transform leaves', async () => {
    const { kube, clock, informer, seen } = start({
      transform: (object) => (object.metadata.labels ? { metadata: { name: object.metadata.name! } } : undefined),
    });
    await informer.synced;
    kube.put(resources.pods, pod('a'));
    kube.put(resources.pods, pod('b', { labels: {} }));
    kube.put(resources.pods, pod('b'));
    await clock.advance(0);
    expect(seen).toEqual(['added shop/b', 'deleted shop/b']);
  });
});
