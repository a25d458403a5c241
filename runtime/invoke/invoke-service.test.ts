import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { createTracing } from '#kit/telemetry/tracing/tracing.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { createInvokeService } from './invoke-service.ts';
import { type InvokeAnswer, type InvokeCall, noAnswer } from './message.ts';
import type { InvokeRouter } from './router.ts';

type Handler = (request: object, call: object) => Promise<unknown>;

/** The RPC of a sidecar whose router answers so. */
function service(invoke: (call: InvokeCall) => Promise<Partial<InvokeAnswer>>) {
  const router: InvokeRouter = {
    policyOf: () => ({}) as never,
    invoke: async (_id, call) => ({ ...noAnswer, ...(await invoke(call)) }),
  };
  const options = {
    router,
    run: undefined as never,
    tracing: createTracing({ ratio: 0 }),
    log: silentLogger,
    maxBodyBytes: 10,
  };
  const handler = createInvokeService(options)['invokeService'] as unknown as Handler;
  const { signal } = new AbortController();
  let sent = false;
  const sendHeaders = () => {
    sent = true;
  };
  const call = { metadata: {}, responseHeaders: {}, responseTrailers: {}, signal, sendHeaders };
  return Object.assign((request: object) => handler(request, call), { headersSent: () => sent });
}

const message = { method: 'pay', contentType: '', httpExtension: { verb: 3, querystring: '' } };

describe('InvokeService', () => {
  it('asks for the normalised method with the verb of the request', async () => {
    const seen: InvokeCall[] = [];
    const call = service(async (one) => {
      seen.push(one);
      return { status: 200 };
    });
    await call({ id: 'till', message: { ...message, method: '/a/../pay' } });
    expect(seen[0]).toMatchObject({ method: '/pay', verb: 'POST', from: 'grpc' });
  });

  it('refuses a request without a message, and calls nobody', async () => {
    let called = false;
    const call = service(async () => {
      called = true;
      return {};
    });
    const refusal = { key: 'invoke-failed', message: expect.stringContaining('failed to invoke, id: till') };
    await expect(call({ id: 'till' })).rejects.toMatchObject(refusal);
    expect(called).toBe(false);
  });

  it('says what a peer refused as its own failure, as Dapr does, and passes time-outs on', async () => {
    const denied = service(() => Promise.reject(new StatusError(grpcCode.PERMISSION_DENIED, 'denied')));
    await expect(denied({ id: 'till', message })).rejects.toMatchObject({
      key: 'invoke-failed',
      message: 'failed to invoke, id: till, err: rpc error: code = PermissionDenied desc = denied',
    });
    const late = service(() => Promise.reject(fault('deadline-exceeded', 'context deadline exceeded')));
    await expect(late({ id: 'till', message })).rejects.toMatchObject({ key: 'deadline-exceeded' });
  });

  it('gives the status of an app that answered', async () => {
    const call = service(async () => ({ status: 404, body: Buffer.from('none') }));
    await expect(call({ id: 'till', message })).rejects.toMatchObject({ code: grpcCode.NOT_FOUND });
    expect(call.headersSent()).toBe(true);
  });

  it('refuses an answer over the limit', async () => {
    async function* body() {
      for (;;) yield Buffer.from('more');
    }
    const call = service(async () => ({ status: 200, body: body() }));
    await expect(call({ id: 'till', message })).rejects.toMatchObject({ key: 'too-large' });
  });
});
