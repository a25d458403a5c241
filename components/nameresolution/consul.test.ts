import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openComponent } from '#contracts/component.ts';
import type { NameResolver } from '#contracts/names.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { component } from './consul.ts';

type Seen = { method: string; url: string; token: string | undefined; body: unknown };

/** What of the agent's API is used, as its documentation has it: a change of the entries ends a blocking query. */
async function agent() {
  const seen: Seen[] = [];
  const state = { entries: [] as unknown[], index: 1, waiting: [] as (() => void)[] };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const text = String(Buffer.concat(await request.toArray()));
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, token: headers['x-consul-token'] as string, body: text && JSON.parse(text) });
    const send = () => {
      response.setHeader('x-consul-index', String(state.index));
      response.end(url.startsWith('/v1/health') ? JSON.stringify(state.entries) : '');
    };
    if (url.includes(`index=${state.index}`)) state.waiting.push(send);
    else send();
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    seen,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    holds(...entries: unknown[]) {
      state.entries = entries;
      state.index += 1;
      for (const send of state.waiting.splice(0)) send();
    },
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const entry = (address: string, port: string, node = '') => ({
  Service: { Address: address, Meta: { DAPR_PORT: port } },
  Node: { Address: node },
});

const open = (metadata: Record<string, string>): Promise<NameResolver> =>
  openComponent(component, metadata, {
    ...{ name: 'names', log: silentLogger, signal: new AbortController().signal, env: {} },
  });

const shop = { appId: 'shop', namespace: 'default', port: 0 };

describe('nameresolution.consul', () => {
  it('finds every healthy instance by the port in its metadata', async () => {
    using consul = await agent();
    consul.holds(
      entry('10.0.0.1', '50002'),
      entry('', '50003', '10.0.0.2'),
      entry('fd00::1', '1'),
      entry('10.0.0.3', ''),
    );
    const client = JSON.stringify({ Address: consul.address, token: 'secret' });
    await using names = await open({ client, queryOptions: '{"Datacenter":"dc1","allowStale":true}' });
    expect(await names.resolve(shop)).toEqual(['10.0.0.1:50002', '10.0.0.2:50003', '[fd00::1]:1']);
    const [{ url, token }] = consul.seen as [Seen];
    expect([url, token]).toEqual(['/v1/health/service/shop?passing=true&dc=dc1&stale=true', 'secret']);
  });

  it('says which app nobody knows', async () => {
    using consul = await agent();
    await using names = await open({ client: JSON.stringify({ address: consul.address }) });
    await expect(names.resolve(shop)).rejects.toMatchObject({
      key: 'app-not-found',
      message: expect.stringContaining('shop'),
    });
  });

  it('asks once and is told of changes, with its cache on', async () => {
    using consul = await agent();
    consul.holds(entry('10.0.0.1', '1'));
    await using names = await open({ client: JSON.stringify({ address: consul.address }), useCache: 'true' });
    for (let i = 0; i < 5; i++) expect(await names.resolve(shop)).toEqual(['10.0.0.1:1']);
    await eventually(() => expect(consul.seen.length).toBe(2));
    consul.holds(entry('10.0.0.2', '2'));
    await eventually(async () => expect(await names.resolve(shop)).toEqual(['10.0.0.2:2']));
  });

  it('registers itself with a check of its health, and leaves', async () => {
    using consul = await agent();
    const client = JSON.stringify({ address: consul.address });
    const names = await open({
      client,
      selfRegister: 'true',
      selfDeregister: 'true',
      tags: '["a"]',
      meta: '{"b":"c"}',
    });
    await names.announce?.({ ...shop, address: '10.0.0.9', port: 50002, appPort: 8080, httpPort: 3500 });
    await names[Symbol.asyncDispose]();
    const id = 'shop-10.0.0.9-3500';
    expect(consul.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT /v1/agent/service/register',
      `PUT /v1/agent/service/deregister/${id}`,
    ]);
    expect(consul.seen[0]!.body).toMatchObject({
      ...{ ID: id, Name: 'shop', Address: '10.0.0.9', Port: 8080, Tags: ['a'], Meta: { b: 'c', DAPR_PORT: '50002' } },
      Checks: [{ HTTP: 'http://10.0.0.9:3500/v1.0/healthz?appid=shop', Interval: '15s' }],
    });
  });

  it('leaves registration to others by default', async () => {
    using consul = await agent();
    await using names = await open({ client: JSON.stringify({ address: consul.address }) });
    await names.announce?.({ ...shop, address: '10.0.0.9', port: 50002 });
    expect(consul.seen).toEqual([]);
  });
});
