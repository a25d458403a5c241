import type { Call } from '#kit/grpc/call.ts';
import { implement } from '#kit/grpc/service.ts';
import { loopback } from '#kit/testing/loopback.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { ServiceInvocation } from '#proto/dapr/proto/internals/v1/service_invocation_pb.js';
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
});
