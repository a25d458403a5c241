import { connect, createServer, type Server, type Socket } from 'node:net';
import { type ControlPlane, startControlPlane } from '#e2e/cluster/control-plane.ts';
import { listen } from '#kit/http/listen.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { type KubeClient, kubeClient } from './client.ts';
import { startInformer } from './informer.ts';
import { kubeconfigConnection } from './kubeconfig.ts';
import { noInformerMetrics } from './metrics.ts';
import { resources } from './resource.ts';

let cluster: ControlPlane;
let direct: KubeClient;
let proxy: BadNetwork;

/** A network between us and the API server that can be cut, or swallow all bytes without a sign. */
type BadNetwork = { server: Server; port: number; cut(): void; swallow(on: boolean): void };

async function badNetwork(target: URL): Promise<BadNetwork> {
  const sockets = new Set<Socket>();
  let swallowing = false;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => swallowing || to.write(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  const port = await listen(server, 'tests', '127.0.0.1', 0);
  return {
    server,
    port,
    cut: () => sockets.forEach((socket) => void socket.destroy()),
    swallow: (on) => {
      swallowing = on;
    },
  };
}

beforeAll(async () => {
  cluster = await startControlPlane();
  const connection = await kubeconfigConnection(cluster.kubeconfig);
  direct = kubeClient(connection);
  proxy = await badNetwork(connection.server);
});

afterAll(async () => {
  direct[Symbol.dispose]();
  proxy.cut();
  proxy.server.close();
  await cluster[Symbol.asyncDispose]();
});

async function watchNamespaces(timing: { stallMs?: number } = {}) {
  const connection = await kubeconfigConnection(cluster.kubeconfig);
  const client = kubeClient({ ...connection, server: new URL(`https://127.0.0.1:${proxy.port}`) });
  const counted = { stalls: 0, restarts: 0, missed: 0 };
  const metrics = {
    ...noInformerMetrics,
    stall: () => void counted.stalls++,
    restart: () => void counted.restarts++,
    missed: (count: number) => {
      counted.missed += count;
    },
  };
  const signal = new AbortController().signal;
  const informer = startInformer({
    client,
    resource: resources.namespaces,
    log: silentLogger,
    signal,
    metrics,
    timing,
  });
  await informer.synced;
  const knows = (name: string) => eventually(() => expect(informer.get(name)).toBeDefined());
  const end = async () => {
    await informer[Symbol.asyncDispose]();
    client[Symbol.dispose]();
  };
  return { informer, counted, knows, end };
}

const make = (name: string) => direct.create(resources.namespaces, { metadata: { name } });

describe('an informer of a real API server', () => {
  it('hears of what is made, changed and deleted', async () => {
    const { informer, knows, end } = await watchNamespaces();
    await make('one');
    await knows('one');
    expect(informer.get('one')?.metadata.managedFields).toBeUndefined();
    const body = { metadata: { labels: { team: 'shop' } } };
    await direct.patch(resources.namespaces, { name: 'one' }, { type: 'merge', body });
    await eventually(() => expect(informer.get('one')?.metadata.labels).toMatchObject({ team: 'shop' }));
    await end();
  });

  it('goes on when its connections are cut', async () => {
    const { counted, knows, end } = await watchNamespaces();
    await make('before-the-cut');
    await knows('before-the-cut');
    proxy.cut();
    await make('after-the-cut');
    await knows('after-the-cut');
    expect(counted.missed).toBe(0);
    await end();
  });

  it('goes on when the network swallows everything without a sign', async () => {
    const { counted, knows, end } = await watchNamespaces({ stallMs: 300 });
    proxy.swallow(true);
    await make('in-silence');
    await eventually(() => expect(counted.stalls).toBeGreaterThan(0));
    proxy.swallow(false);
    await knows('in-silence');
    await end();
  });
});
