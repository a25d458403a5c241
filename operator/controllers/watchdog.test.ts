import { resources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { WatchdogConfig } from '../config.ts';
import { type DaprPod, daprPod } from '../pod.ts';
import { runWatchdog } from './watchdog.ts';
import { type Workload, workloadOf } from './workload.ts';

const injector = (readyReplicas: number): Workload =>
  workloadOf(resources.deployments)({
    metadata: { namespace: 'dapr-system', name: 'injector', labels: { app: 'dapr-sidecar-injector' } },
    status: { readyReplicas },
  } as never)!;

function world(config: Partial<WatchdogConfig> = {}) {
  const kube = fakeKube();
  const clock = fakeClock();
  const deployments = [injector(1)];
  const pods = () =>
    kube
      .all(resources.pods)
      .map(daprPod)
      .filter((pod) => pod !== undefined) as DaprPod[];
  const put = (name: string, containers: string[], extra: object = {}) =>
    kube.put(resources.pods, {
      metadata: { namespace: 'shop', name, annotations: { 'dapr.io/enabled': 'yes' }, ...extra },
      spec: { containers: containers.map((container) => ({ name: container })) },
    });
  const names = () => kube.all(resources.pods).map((pod) => pod.metadata.name);
  const run = () => {
    const abort = new AbortController();
    const options = {
      client: kube.client,
      config: { everyMs: undefined, restartsPerMinute: Number.POSITIVE_INFINITY, mayLabel: false, ...config },
      pods: { list: pods },
      deployments: { list: () => deployments },
      log: silentLogger,
      clock,
    };
    return { done: runWatchdog(options, abort.signal), abort };
  };
  return { kube, clock, deployments, put, names, run };
}

describe('the watchdog', () => {
  it('deletes pods that ask for a sidecar and lack it, and no others', async () => {
    const { put, names, run } = world();
    put('lacks', ['app']);
    put('has', ['app', 'daprd']);
    put('labelled', ['app'], { labels: { 'dapr.io/sidecar-injected': 'true' } });
    put('plain', ['app'], { annotations: {} });
    await run().done;
    expect(names()).toEqual(['has', 'labelled', 'plain']);
  });

  it('labels those that have it when it may', async () => {
    const { kube, put, run } = world({ mayLabel: true });
    put('has', ['app', 'daprd']);
    await run().done;
    expect(kube.all(resources.pods)[0]?.metadata.labels).toEqual({ 'dapr.io/watchdog-patched': 'true' });
  });

  it('waits for a running injector', async () => {
    const { clock, deployments, put, names, run } = world();
    deployments[0] = injector(0);
    put('lacks', ['app']);
    const { done } = run();
    await clock.advance(20_000);
    expect(names()).toEqual(['lacks']);
    deployments[0] = injector(1);
    await clock.advance(5_000);
    await done;
    expect(names()).toEqual([]);
  });

  it('deletes no more a minute than allowed, and looks again', async () => {
    const { clock, put, names, run } = world({ restartsPerMinute: 2, everyMs: 60_000 });
    for (const name of ['a', 'b', 'c']) put(name, ['app']);
    const { done, abort } = run();
    await clock.advance(1_000);
    expect(names()).toHaveLength(2);
    await clock.advance(30_000);
    expect(names()).toHaveLength(1);
    await clock.advance(180_000);
    put('d', ['app']);
    await clock.advance(60_000);
    expect(names()).toEqual([]);
    abort.abort();
    await done;
  });
});
