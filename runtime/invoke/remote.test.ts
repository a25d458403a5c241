import type { Call } from '#kit/grpc/call.ts';
import { implement } from '#kit/grpc/service.ts';
import { loopback } from '#kit/testing/loopback.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { type InternalInvokeRequest, ServiceInvocation } from '#proto/dapr/proto/internals/v1/service_invocation_pb.js';
import { answerFrom, requestHead } from './internal-message.ts';
import { createInternalServer } from './internal-server.ts';
import { callOf, noAnswer, noBody } from './message.ts';
import { callRemote } from './remote.ts';

describe('a call between sidecars by internals.v1', () => {
  it('carries its trace beside it too, where sidecars of Dapr look for it', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    let beside: Call['metadata'] = {};
    const inner = createInternalServer({ app: () => async () => ({ ...noAnswer, status: 200 }) });
    const serve = inner.handlers['callLocalStream'] as unknown as (requests: unknown, call: Call) => never;
    const peer = loopback([
      implement(ServiceInvocation, {
        callLocalStream(requests, call) {
          beside = call.metadata;
          return serve(requests, call);
        },
      }),
    ]);
    await callRemote(peer, callOf('GET', '/pay', { traceparent, tracestate: 'a=b' }, noBody), undefined);
    expect(beside).toMatchObject({ traceparent, tracestate: 'a=b', 'grpc-trace-bin': expect.any(String) });
    await callRemote(peer, callOf('GET', '/pay', {}, noBody), undefined);
    expect(beside).not.toHaveProperty('traceparent');
  });

  it('answers nothing of the hop to the app, which a sidecar of Dapr would hand to its gRPC caller', async () => {
    const headers = { connection: 'keep-alive, x-hop', 'keep-alive': 'timeout=5', 'x-hop': '1', 'x-own': '2' };
    const peer = loopback([createInternalServer({ app: () => async () => ({ ...noAnswer, status: 200, headers }) })]);
    const answer = await callRemote(peer, callOf('GET', '/pay', {}, noBody), undefined);
    expect(answer.headers).toEqual({ 'x-own': '2', 'content-length': '0' });
  });

  it('carries headers beyond ASCII as text, as sidecars of Dapr do, both ways', async () => {
    const bytes = Buffer.from('Łódź').toString('latin1');
    let text: string | undefined;
    let seen: unknown;
    const inner = createInternalServer({
      app: () => async (call) => {
        seen = call.headers['x-city'];
        return { ...noAnswer, status: 200, headers: { 'x-city': call.headers['x-city']! } };
      },
    });
    const serve = inner.handlers['callLocal'] as unknown as (request: unknown, call: Call) => never;
    const callLocal = (request: InternalInvokeRequest, call: Call) => {
      text = request.metadata['X-City']?.values[0];
      return serve(request, call);
    };
    const peer = loopback([implement(ServiceInvocation, { callLocal })]);
    const head = requestHead(callOf('GET', '/pay', { 'x-city': bytes }, noBody));
    const answer = answerFrom(await peer.unary(ServiceInvocation.method.callLocal, head), noBody);
    expect([text, seen, answer.headers['x-city']]).toEqual(['Łódź', bytes, bytes]);
  });
});
