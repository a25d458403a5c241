import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { steadyLoad } from '#kit/testing/steady-load.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { eventually } from './eventually.ts';
import { httpGet } from './http-get.ts';
import { freePorts } from './ports.ts';
import { type Process, start } from './process.ts';

const daprd = path.resolve(import.meta.dirname, '../bin/daprd');
const at = '127.0.0.1';
const perSecond = 500;

/** GETs of `till` may be sent again, wherever they failed. */
const retries = {
  kind: 'Resiliency',
  metadata: { name: 'failover' },
  spec: {
    policies: { retries: { again: { policy: 'constant', duration: '20ms', maxRetries: 10 } } },
    targets: { apps: { till: { retry: 'again' } } },
  },
};

let stack: AsyncDisposableStack;
let folder: string;
let shop: number;
let tills: Process[];
let served: number[];

/** The sidecar of `shop`, and three of `till` with an app each. */
beforeAll(async () => {
  stack = new AsyncDisposableStack();
  folder = await mkdtemp(path.join(tmpdir(), 'failover-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const resources = path.join(folder, 'resources');
  await mkdir(resources);
  await writeFile(path.join(resources, 'retries.yaml'), JSON.stringify(retries));
  const internal = await freePorts(3);
  const apps = internal.map((port) => `till=${at}:${port}`).join(',');
  const spec = { nameResolution: { component: 'static', configuration: { apps } } };
  await writeFile(path.join(folder, 'config.yaml'), JSON.stringify({ kind: 'Configuration', spec }));
  served = [0, 0, 0];
  const started = await Promise.all(internal.map((port, i) => startTill(port, i)));
  tills = started.map(({ process }) => process);
  const ours = [`--config=${path.join(folder, 'config.yaml')}`, `--resources-path=${resources}`];
  shop = (await startSidecar('shop', 'shop', ours)).http;
});

afterAll(() => stack?.disposeAsync());

async function startTill(internal: number, i: number) {
  const app = createServer((request, response) => {
    served[i]! += 1;
    response.end(request.url);
  });
  await new Promise<void>((resolve) => app.listen(0, at, resolve));
  stack.defer(() => void app.close());
  const { port } = app.address() as AddressInfo;
  const ports = [`--dapr-internal-grpc-port=${internal}`, `--dapr-internal-grpc-listen-address=${at}`];
  return startSidecar('till', `till-${i}`, [`--app-port=${port}`, ...ports]);
}

async function startSidecar(appId: string, name: string, more: string[]) {
  const [http, grpc] = (await freePorts(2)) as [number, number];
  const ports = [`--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`, '--metrics-port=0'];
  const log = path.join(folder, `${name}.log`);
  const process = stack.use(start(name, daprd, [`--app-id=${appId}`, ...ports, ...more], { log }));
  const isHealthy = async () => ((await fetch(`http://${at}:${http}/v1.0/healthz`)).ok ? true : undefined);
  await eventually(`${name} to be healthy`, isHealthy, { alive: process.alive });
  return { http, process };
}

describe(`${perSecond} GETs a second under a retry policy`, () => {
  it('all succeed while one of three instances is killed', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 64, scheduling: 'fifo' });
    stack.defer(() => agent.destroy());
    const url = `http://${at}:${shop}/v1.0/invoke/till/method/pay`;
    await using load = steadyLoad(perSecond, () => httpGet(agent, url, '/pay'));
    await eventually('all instances to serve', async () => (served.every((count) => count > 100) ? true : undefined));
    await tills[1]!.kill();
    const killedAt = load.answered();
    // Its app may yet read what the sidecar sent it last.
    await eventually('its last calls to be over', async () => (load.answered() > killedAt + 200 ? true : undefined));
    const share = served[1];
    await eventually('as many calls again', async () => (load.answered() > killedAt + 2_000 ? true : undefined));
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(served[1]).toBe(share);
  });
});
