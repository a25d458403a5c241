import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openComponent } from '#contracts/component.ts';
import type { NameResolver } from '#contracts/names.ts';
import { type Consul, startConsul } from '#e2e/consul/consul.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './consul.ts';

let consul: Consul;
/** A sidecar's health page, which the agent asks. */
const health = { status: 204 };
const sidecar = createServer((_request, response) => response.writeHead(health.status).end());
let httpPort: number;

beforeAll(async () => {
  await new Promise<void>((resolve) => sidecar.listen(0, '127.0.0.1', resolve));
  httpPort = (sidecar.address() as AddressInfo).port;
  consul = await startConsul();
});

afterAll(async () => {
  await consul?.[Symbol.asyncDispose]();
  sidecar.closeAllConnections();
  sidecar.close();
});

const open = (metadata: Record<string, string>): Promise<NameResolver> =>
  openComponent(
    component,
    { client: JSON.stringify({ address: consul.address }), ...metadata },
    { name: 'names', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

/** Registers an instance as its sidecar would; asked for its health four times a second. */
async function register(appId: string, port: number): Promise<NameResolver> {
  const HTTP = `http://127.0.0.1:${httpPort}/v1.0/healthz?appid=${appId}`;
  const checks = JSON.stringify([{ Name: 'health', CheckID: `${appId}-${port}`, Interval: '250ms', HTTP }]);
  const names = await open({ selfRegister: 'true', selfDeregister: 'true', checks });
  await names.announce!({ appId, namespace: 'default', address: '127.0.0.1', port, httpPort: port });
  return names;
}

const query = (appId: string) => ({ appId, namespace: 'default', port: 0 });

describe('nameresolution.consul on a real agent', () => {
  it('finds the healthy instances that sidecars register, and none that have left', async () => {
    await using seeker = await open({});
    await expect(seeker.resolve(query('shop'))).rejects.toMatchObject({ key: 'app-not-found' });
    await using _first = await register('shop', 4001);
    await eventually(async () => expect(await seeker.resolve(query('shop'))).toEqual(['127.0.0.1:4001']));
    const second = await register('shop', 4002);
    const both = ['127.0.0.1:4001', '127.0.0.1:4002'];
    await eventually(async () => expect([...(await seeker.resolve(query('shop')))].sort()).toEqual(both));
    await second[Symbol.asyncDispose]();
    await eventually(async () => expect(await seeker.resolve(query('shop'))).toEqual(['127.0.0.1:4001']));
  });

  it('is told of instances that become unhealthy and well again, with its cache on', async () => {
    await using seeker = await open({ useCache: 'true' });
    await using _own = await register('till', 4003);
    await eventually(async () => expect(await seeker.resolve(query('till'))).toEqual(['127.0.0.1:4003']));
    health.status = 500;
    await eventually(() => expect(seeker.resolve(query('till'))).rejects.toMatchObject({ key: 'app-not-found' }));
    health.status = 204;
    await eventually(async () => expect(await seeker.resolve(query('till'))).toEqual(['127.0.0.1:4003']));
  });
});
