import type { Fault } from '#kit/errors/fault.ts';
import { createTracing, type FinishedSpan } from '#kit/telemetry/tracing/tracing.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { tryLock } from '../blocks/lock/try-lock.ts';
import { getState } from '../blocks/state/get.ts';
import { saveState } from '../blocks/state/save.ts';
import { createRegistry } from '../registry.ts';
import type { AccessRule } from '../stages/access.ts';
import { tokenCheck } from '../stages/api-token.ts';
import { componentStage } from '../stages/component.ts';
import { withStore } from '../testing/state/store.ts';
import { createGrpcDoor } from './grpc/door.ts';
import { createHttpDoor, type HttpDoorOptions } from './http/door.ts';
import type { Served } from './served.ts';

const open = { access: { allowed: [], denied: [] }, token: undefined, watch: {} };

async function httpDoor(options: Partial<HttpDoorOptions> = {}) {
  const { stages } = await withStore();
  const door = createHttpDoor({ operations: [getState, saveState], pages: [], stages, ...open, ...options });
  return (method: string, url: string, headers: Record<string, string> = {}, body = '') =>
    door({
      ...{ method, url, headers, hasBody: body !== '', read: async () => Buffer.from(body) },
      stream: (async function* () {})(),
      signal: new AbortController().signal,
    });
}

async function grpcDoor(options: Partial<Parameters<typeof createGrpcDoor>[0]> = {}) {
  const { stages } = await withStore();
  const [service] = createGrpcDoor({ operations: [getState], stages, ...open, ...options });
  return (metadata: Record<string, string> = {}) =>
    service?.handlers['getState']?.(
      { storeName: 'orders', key: 'a', metadata: {} } as never,
      { signal: new AbortController().signal, metadata, responseHeaders: {} } as never,
    ) as Promise<unknown>;
}

describe('a door with an API token', () => {
  const token = tokenCheck('right');

  it('lets only callers with the token in, except to open pages', async () => {
    const health = {
      ...{ name: 'Healthz', methods: ['GET' as const], path: '/v1.0/healthz', open: true },
      answer: () => ({ status: 204 }),
    };
    const call = await httpDoor({ token, pages: [health] });
    expect(await call('GET', '/v1.0/state/orders/a')).toMatchObject({ status: 401, body: 'invalid api token\n' });
    expect((await call('GET', '/v1.0/state/orders/a', { 'dapr-api-token': 'wrong' })).status).toBe(401);
    expect((await call('GET', '/v1.0/state/orders/a', { 'dapr-api-token': 'right' })).status).toBe(204);
    expect((await call('OPTIONS', '/none')).status).toBe(401);
    expect((await call('GET', '/v1.0/healthz')).status).toBe(204);
  });

  it('does so over gRPC', async () => {
    const call = await grpcDoor({ token });
    await expect(call()).rejects.toMatchObject({ key: 'unauthenticated' });
    await expect(call({ 'dapr-api-token': 'wrong' })).rejects.toThrow('api token mismatch');
    await expect(call({ 'dapr-api-token': 'right' })).resolves.toEqual({});
  });
});

describe('an HTTP door that cannot read a body', () => {
  it('says so before it looks for the component where the body is the message, else after', async () => {
    const errorOf = async (url: string) => {
      const call = await httpDoor({
        operations: [saveState, tryLock],
        stages: [componentStage(createRegistry(), 'shop')],
      });
      const { body } = await call('POST', url, {}, '{');
      return (JSON.parse(String(body)) as { errorCode: string }).errorCode;
    };
    expect(await errorOf('/v1.0-alpha1/lock/none')).toBe('ERR_MALFORMED_REQUEST');
    expect(await errorOf('/v1.0/state/none')).toBe('ERR_STATE_STORE_NOT_CONFIGURED');
  });
});

describe('a door with rules for the API', () => {
  it('does not serve what is denied', async () => {
    const rule = (protocol: string, version: string) => ({ name: 'state', version, protocol });
    const denied = { allowed: [], denied: [rule('http', 'v1.0'), rule('grpc', 'v1')] };
    expect((await (await httpDoor({ access: denied }))('GET', '/v1.0/state/orders/a')).status).toBe(404);
    expect(await grpcDoor({ access: denied }).then((call) => call())).toBeUndefined();
    const allowed = { allowed: [{ name: 'secrets', version: 'v1.0', protocol: 'http' }], denied: [] };
    expect((await (await httpDoor({ access: allowed }))('GET', '/v1.0/state/orders/a')).status).toBe(404);
  });

  it('does not let what is denied by its path be reached by falling through to it', async () => {
    const invoke = { name: 'Invoke', methods: ['GET'], path: '/v1.0/invoke/{target*}', api: 'invoke.v1' } as const;
    const fallback = { ...invoke, answer: () => ({ status: 200 }) };
    const statuses = async (rule?: AccessRule) => {
      const access = { allowed: [], denied: rule ? [rule] : [] };
      const call = await httpDoor({ pages: [fallback], fallback, access });
      return Promise.all(['/v1.0/invoke/till/method/a', '/a'].map(async (url) => (await call('GET', url)).status));
    };
    expect(await statuses()).toEqual([200, 200]);
    expect(await statuses({ name: 'invoke', version: 'v1.0', protocol: 'http' })).toEqual([404, 404]);
    expect(await statuses({ name: 'invoke', version: 'v1', protocol: 'http' })).toEqual([404, 404]);
  });
});

describe('a watched door', () => {
  it('tells of each call and of each fault, once', async () => {
    const calls: Served[] = [];
    const problems: Fault[] = [];
    const watch = { served: (call: Served) => void calls.push(call), failed: (one: Fault) => void problems.push(one) };
    const call = await httpDoor({ watch });
    await call('GET', '//v1.0/state/orders/a?metadata.x=1', { 'user-agent': 'curl' });
    await call('POST', '/v1.0/state/orders', {}, '{');
    expect(calls).toMatchObject([
      { operation: 'GetState', verb: 'GET', path: '/v1.0/state/orders/a', status: 204, userAgent: 'curl' },
      { operation: 'SaveState', template: '/v1.0/state/{storeName}', status: 400, requestBytes: 1 },
    ]);
    expect(problems.map(({ errorCode }) => errorCode)).toEqual(['ERR_MALFORMED_REQUEST']);
  });

  it('names a component that does not exist before it reads the body', async () => {
    const call = await httpDoor();
    const reply = await call('POST', '/v1.0/state/none', {}, '{');
    expect(JSON.parse(String(reply.body))).toMatchObject({ errorCode: 'ERR_STATE_STORE_NOT_FOUND' });
  });

  it('answers 400 to a parameter it cannot decode', async () => {
    const call = await httpDoor();
    expect((await call('GET', '/v1.0/state/orders/%zz')).status).toBe(400);
  });
});

describe('a traced door', () => {
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const traced = () => {
    const spans: FinishedSpan[] = [];
    return { spans, tracing: createTracing({ ratio: 1, record: (span) => void spans.push(span) }) };
  };

  it("makes a span below the caller's and answers where it stands", async () => {
    const { spans, tracing } = traced();
    const call = await httpDoor({ tracing });
    const reply = await call('GET', '/v1.0/state/orders/a', { traceparent: parent, baggage: 'k=v', 'dapr-x': 'y' });
    expect(reply.headers).toMatchObject({
      baggage: 'k=v',
      traceparent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/),
    });
    expect(spans).toMatchObject([
      {
        name: '/v1.0/state/orders/a',
        kind: 'client',
        parentSpanId: 'b7ad6b7169203331',
        attributes: {
          ...{ 'dapr.protocol': 'http', 'dapr.status_code': '204', 'dapr-x': 'y' },
          ...{ 'db.system': 'state', 'db.name': 'orders', 'db.statement': 'GET /v1.0/state/orders/a' },
        },
      },
    ]);
  });

  it('refuses baggage that cannot be read', async () => {
    const call = await httpDoor();
    const reply = await call('GET', '/v1.0/state/orders/a', { baggage: 'invalid-baggage' });
    expect([reply.status, String(reply.body)]).toEqual([400, expect.stringContaining('invalid baggage header')]);
  });

  it('does so over gRPC', async () => {
    const { spans, tracing } = traced();
    const call = await grpcDoor({ tracing });
    await call({ traceparent: parent });
    const path = '/dapr.proto.runtime.v1.Dapr/GetState';
    const attributes = { 'rpc.service': 'Dapr', 'db.system': 'state', 'db.name': 'orders', 'db.statement': path };
    expect(spans).toMatchObject([{ name: path, parentSpanId: 'b7ad6b7169203331', attributes }]);
  });
});
