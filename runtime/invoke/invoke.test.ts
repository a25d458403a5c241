import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { unseen } from '#kit/errors/unseen.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { createTracing } from '#kit/telemetry/tracing/tracing.ts';
import { loopback } from '#kit/testing/loopback.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { PageRequest } from '../doors/http/page.ts';
import { decodeResiliency, type ResiliencySpec } from '../policy/resiliency/decode.ts';
import { builtInTables, createPolicyResolver } from '../policy/resiliency/resolve.ts';
import { createRunner } from '../policy/resiliency/run.ts';
import { createInvokePage } from './http-page.ts';
import { createInternalServer } from './internal-server.ts';
import { collect, type InvokeAnswer, type InvokeCall, noAnswer, noBody } from './message.ts';
import { callRemote } from './remote.ts';
import { createInvokeRouter } from './router.ts';

type App = (call: InvokeCall) => Promise<Partial<InvokeAnswer>>;

type Trouble = {
  spec?: ResiliencySpec;
  /** What finding and reaching the peer fails with, call by call. */
  failsToConnect?: Error[];
  /** What calls fail with after the peer has served them. */
  loses?: Error[];
};

/** A caller's page whose only peer is the app `shop` behind a sidecar of its own. */
async function mesh(app: App, { spec = {}, failsToConnect = [], loses = [] }: Trouble = {}) {
  const tables = builtInTables();
  await decodeResiliency(spec, tables, () => {});
  const policies = createPolicyResolver(tables, () => 0);
  const run = createRunner({ now: () => 0, random: () => 0, pause: async () => {} });
  const invoke = async (call: InvokeCall) => ({ ...noAnswer, status: 200, ...(await app(call)) });
  const peer = loopback([createInternalServer({ app: () => invoke })]);
  const router = createInvokeRouter({
    self: { appId: 'front', namespace: 'default', hostAddress: '10.0.0.1', hostName: 'host' },
    app: () => invoke,
    endpoint: () => undefined,
    connect: async ({ appId }) => {
      if (appId !== 'shop') throw fault('app-not-found', `couldn't find service: ${appId}`);
      const failure = failsToConnect.shift();
      if (failure !== undefined) throw failure;
      return {
        async invoke(call, signal) {
          const answer = await callRemote(peer, call, signal);
          const loss = loses.shift();
          if (loss !== undefined) throw loss;
          return answer;
        },
      };
    },
    policies,
    run,
  });
  const page = createInvokePage({ router, run, tracing: createTracing({ ratio: 0 }), maxBodyBytes: 1_000_000 });
  return async (url: string, request: { method?: string; body?: string; headers?: Record<string, string> } = {}) => {
    const bytes = Buffer.from(request.body ?? '');
    const headers = { ...(request.body ? { 'content-length': String(bytes.length) } : {}), ...request.headers };
    const asked = {
      method: request.method ?? 'GET',
      url,
      headers,
      hasBody: bytes.length > 0,
      read: async () => bytes,
      signal: new AbortController().signal,
    };
    const reply = await page.answer(asked as unknown as PageRequest);
    return {
      ...reply,
      text: typeof reply.body === 'string' ? reply.body : (await collect((reply.body ?? noBody) as Buffer)).toString(),
    };
  };
}

describe('invoking an app over HTTP', () => {
  it('passes verb, path, query, headers and body, and what the app answers', async () => {
    const seen: InvokeCall[] = [];
    const call = await mesh(async (received) => {
      seen.push({ ...received, body: await collect(received.body) });
      return {
        status: 201,
        contentType: 'text/plain',
        headers: { 'x-app': '1', connection: 'close' },
        body: Buffer.from('paid'),
      };
    });
    const reply = await call('/v1.0/invoke/shop/method/pay/now?a=1&b=%20', {
      method: 'PATCH',
      body: 'coins',
      headers: { 'x-own': 'y', te: 'trailers' },
    });
    expect(seen[0]).toMatchObject({ method: 'pay/now', verb: 'PATCH', query: 'a=1&b=%20' });
    expect(String(seen[0]!.body)).toBe('coins');
    expect(seen[0]!.headers).toMatchObject({
      'x-own': 'y',
      'dapr-caller-app-id': 'front',
      'dapr-callee-app-id': 'shop',
      'x-forwarded-for': '10.0.0.1',
      forwarded: 'for=10.0.0.1;by=10.0.0.1;host=host',
    });
    expect(reply).toMatchObject({ status: 201, text: 'paid' });
    expect(reply.headers).toMatchObject({ 'x-app': '1', 'content-type': 'text/plain' });
    expect(reply.headers).not.toHaveProperty('connection');
    expect(reply.headers!['traceparent']).toMatch(/^00-/);
  });

  it('calls the own app without a detour, also by header', async () => {
    const call = await mesh(async ({ method }) => ({ body: Buffer.from(method) }));
    expect((await call('/v1.0/invoke/front/method/a/../b')).text).toBe('b');
    expect((await call('/x//y', { headers: { 'dapr-app-id': 'front' } })).text).toBe('x/y');
  });

  it('turns the status of a gRPC app into HTTP', async () => {
    const call = await mesh(async () => ({ status: grpcCode.FAILED_PRECONDITION, message: 'not yet' }));
    const reply = await call('/v1.0/invoke/shop/method/x');
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.text)).toEqual({ code: 9, message: 'not yet' });
  });

  it('says that no app was named', async () => {
    const call = await mesh(async () => ({}));
    await expect(call('/v1.0/invoke/shop')).rejects.toMatchObject({ key: 'invoke-no-app-id' });
  });

  it('says at once what is wrong with an app that cannot be found', async () => {
    const call = await mesh(async () => ({}));
    await expect(call('/v1.0/invoke/lost/method/x')).rejects.toThrow(
      "failed to invoke, id: lost, err: couldn't find service: lost",
    );
  });

  it('says what is wrong with a peer that cannot be reached, after the built-in retries', async () => {
    const failsToConnect = Array(4).fill(new StatusError(grpcCode.UNAVAILABLE, 'refused'));
    const call = await mesh(async () => ({}), { failsToConnect });
    await expect(call('/v1.0/invoke/shop/method/x')).rejects.toThrow(
      'failed to invoke, id: shop, err: failed to invoke target shop after 3 retries. Error: rpc error: code = Unavailable',
    );
  });

  it('tries again while no peer has seen the call', async () => {
    const failsToConnect = Array(3).fill(new StatusError(grpcCode.UNAVAILABLE, 'refused'));
    const call = await mesh(async () => ({ body: Buffer.from('ok') }), { failsToConnect });
    expect((await call('/v1.0/invoke/shop/method/x')).text).toBe('ok');
  });

  it('waits for an app that the cluster does not know yet', async () => {
    const failsToConnect = Array(3).fill(unseen(fault('unavailable', "couldn't find service: shop")));
    const call = await mesh(async () => ({ body: Buffer.from('ok') }), { failsToConnect });
    expect((await call('/v1.0/invoke/shop/method/x', { method: 'POST' })).text).toBe('ok');
  });

  it.each([
    ['GET', true],
    ['PUT', true],
    ['POST', false],
    ['PATCH', false],
  ])('sends %s again after a connection was lost that the app may have been called by: %s', async (method, again) => {
    let calls = 0;
    const lost = new StatusError(grpcCode.UNAVAILABLE, 'the connection was lost before the call was answered');
    const call = await mesh(
      async () => {
        calls += 1;
        return { body: Buffer.from('ok') };
      },
      { loses: [lost] },
    );
    const sent = call('/v1.0/invoke/shop/method/x', { method, body: 'coins' });
    if (again) expect((await sent).text).toBe('ok');
    else await expect(sent).rejects.toThrow('the connection was lost');
    expect(calls).toBe(again ? 2 : 1);
  });

  it('sends POST again where it has surely not arrived', async () => {
    const refused = unseen(new StatusError(grpcCode.UNAVAILABLE, 'cannot connect'));
    const call = await mesh(async () => ({ body: Buffer.from('ok') }), { failsToConnect: [refused, refused, refused] });
    expect((await call('/v1.0/invoke/shop/method/x', { method: 'POST', body: 'coins' })).text).toBe('ok');
  });

  it('does not multiply the retries of a policy by the built-in ones', async () => {
    const spec = { policies: { retries: { DefaultAppRetryPolicy: { duration: '1ms', maxRetries: 2 } } } };
    const failsToConnect = Array(3).fill(new StatusError(grpcCode.UNAVAILABLE, 'refused'));
    const call = await mesh(async () => ({ body: Buffer.from('ok') }), { spec, failsToConnect });
    await expect(call('/v1.0/invoke/shop/method/x')).rejects.toMatchObject({ key: 'invoke-failed' });
    expect((await call('/v1.0/invoke/shop/method/x')).text).toBe('ok');
  });

  it('refuses methods with characters that could change their meaning', async () => {
    const call = await mesh(async () => ({}));
    for (const path of ['a%23b', 'a%3Fb', 'a%00']) {
      await expect(call(`/v1.0/invoke/shop/method/${path}`)).rejects.toThrow('invalid method');
    }
    await expect(call('/v1.0/invoke/shop/method/a%zz')).rejects.toMatchObject({ key: 'bad-request' });
  });
});

describe('a retry policy for an app', () => {
  const spec: ResiliencySpec = {
    policies: {
      retries: { DefaultAppRetryPolicy: { duration: '1ms', maxRetries: 2, matching: { httpStatusCodes: '500-599' } } },
    },
  };

  it('repeats a call the app failed, and gives the last answer with its body', async () => {
    let calls = 0;
    const call = await mesh(async () => ({ status: 503, body: Buffer.from(`try ${++calls}`) }), { spec });
    expect(await call('/v1.0/invoke/shop/method/x')).toMatchObject({ status: 503, text: 'try 3' });
  });

  it('leaves alone what does not match', async () => {
    let calls = 0;
    const call = await mesh(async () => ({ status: 404, body: Buffer.from(`try ${++calls}`) }), { spec });
    expect(await call('/v1.0/invoke/shop/method/x')).toMatchObject({ status: 404, text: 'try 1' });
  });
});
