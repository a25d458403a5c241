import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brokers } from '#bench/pubsub/brokers.ts';
import { startSidecar } from '#bench/sidecar/subject.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { checkout } from './checkout.ts';
import { type Redis, startRedis } from './redis.ts';

type Got = { data: unknown; headers: IncomingHttpHeaders; path: string };

let redis: Redis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

const subject = { name: 'outrigger', command: join(checkout, 'bin/daprd'), args: ['--max-body-size=16Mi'] };
const settings = () => ({ redisHost: `127.0.0.1:${redis.port}`, processingTimeout: '10s', redeliverInterval: '1s' });
const component = () =>
  JSON.stringify({
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name: 'pubsub' },
    spec: {
      type: 'pubsub.redis',
      version: 'v1',
      metadata: Object.entries(settings()).map(([name, value]) => ({ name, value })),
    },
  });

/** A sidecar and its app, which answers each event as `answer` says; undefined never answers. */
async function started(
  app: string,
  answer: (got: Got) => { status: number; body?: string } | undefined,
  manifests: readonly string[] = [component()],
) {
  const stack = new AsyncDisposableStack();
  const got: Got[] = [];
  const topics = [
    { topic: `${app}-orders`, deadLetterTopic: `${app}-dead`, route: '/orders' },
    { topic: `${app}-dead`, route: '/dead' },
  ];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    if (request.url === '/dapr/subscribe') {
      response.end(JSON.stringify(topics.map((one) => ({ ...one, pubsubname: 'pubsub' }))));
    } else if (request.url === '/orders' || request.url === '/dead') {
      const { data } = JSON.parse(body) as { data: unknown };
      const one = { data, headers: request.headers, path: request.url };
      got.push(one);
      const said = answer(one);
      if (said) response.writeHead(said.status).end(said.body ?? '');
    } else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const sidecar = stack.use(await startSidecar(subject, { appId: app, appPort: port, manifests, pinned: false }));
  const publish = (body: string, headers: Record<string, string> = {}) =>
    fetch(`http://${sidecar.http}/v1.0/publish/pubsub/${app}-orders`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
  return { publish, got, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe('a subscriber that misbehaves', () => {
  it('gets the rest while it never answers one message, fails another and talks nonsense of a third', async () => {
    await using app = await started('bad', ({ data, path }) => {
      if (data === 'hang') return undefined;
      if (data === 'fail' && path === '/orders') return { status: 500 };
      return { status: 200, body: data === 'nonsense' ? '<html>' : '' };
    });
    for (const text of ['hang', 'fail', 'nonsense']) expect((await app.publish(JSON.stringify(text))).status).toBe(204);
    for (let i = 0; i < 50; i++) await app.publish(String(i));
    await eventually(() => {
      const texts = app.got.map(({ data }) => data);
      for (let i = 0; i < 50; i++) expect(texts).toContain(i);
    });
    // What was never answered comes again; what failed is in the dead-letter topic, to which the app subscribes too.
    await eventually(() => {
      expect(app.got.filter(({ data }) => data === 'hang').length).toBeGreaterThan(1);
      expect(app.got.some(({ data, path }) => data === 'fail' && path === '/dead')).toBe(true);
    });
    expect(app.got.filter(({ data }) => data === 'nonsense')).toHaveLength(1);
  });
});

/** What an app has no answer to within three seconds fails, and is tried once more. */
const policy = JSON.stringify({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Resiliency',
  metadata: { name: 'impatient' },
  spec: {
    policies: {
      timeouts: { short: '3s' },
      retries: { once: { policy: 'constant', duration: '10ms', maxRetries: 1 } },
    },
    targets: { components: { pubsub: { inbound: { timeout: 'short', retry: 'once' } } } },
  },
});

describe.each(['in-memory', 'redis', 'rabbitmq', 'kafka'] as const)('a poison message on %s', (name) => {
  it('goes to the dead letters, whatever the app does to it, and the rest is delivered', async () => {
    await using broker = await brokers[name]();
    const answer = ({ data, path }: Got) => {
      if (path === '/dead') return { status: 200 };
      if (data === 'hang') return undefined;
      if (data === 'drop') return { status: 200, body: '{"status":"DROP"}' };
      if (data === 'odd') return { status: 200, body: '{"status":"MAYBE"}' };
      return { status: data === 'fail' ? 500 : 200 };
    };
    await using app = await started(`poison-${name}`, answer, [broker.component, policy]);
    const poisons = ['hang', 'fail', 'drop', 'odd'];
    for (const text of poisons) expect((await app.publish(JSON.stringify(text))).status).toBe(204);
    for (let i = 0; i < 20; i++) await app.publish(String(i));
    await eventually(() => {
      const at = (path: string) => new Set(app.got.filter((one) => one.path === path).map(({ data }) => data));
      for (let i = 0; i < 20; i++) expect(at('/orders')).toContain(i);
      expect([...at('/dead')].sort()).toEqual(poisons.toSorted());
    });
  });
});

describe('a message', () => {
  it('may be of 10 MB, and is refused beyond the limit of the sidecar', async () => {
    await using app = await started('large', () => ({ status: 200 }));
    const large = JSON.stringify('x'.repeat(10 * 1024 * 1024));
    expect((await app.publish(large)).status).toBe(204);
    const lengths = () => new Set(app.got.map(({ data }) => String(data).length));
    await eventually(() => expect(lengths()).toEqual(new Set([10 * 1024 * 1024])));
    const refusal = await app.publish(JSON.stringify('x'.repeat(17 * 1024 * 1024)));
    expect(refusal.status).toBe(500);
    expect(await refusal.json()).toMatchObject({ errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE' });
  });

  it('is published and delivered in one trace', async () => {
    await using app = await started('traced', () => ({ status: 200 }));
    const trace = '0af7651916cd43dd8448eb211c80319c';
    await app.publish('1', { traceparent: `00-${trace}-b7ad6b7169203331-01` });
    await eventually(() => expect(app.got).not.toHaveLength(0));
    expect(app.got[0]!.headers['traceparent']).toMatch(new RegExp(`^00-${trace}-`));
  });
});
