import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { parseTraceparent } from '#kit/telemetry/tracing/trace-context.ts';
import { createTracing, type FinishedSpan } from '#kit/telemetry/tracing/tracing.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { forPeers } from './for-peers.ts';
import { type InvokeCall, noAnswer } from './message.ts';

const callers = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const call: InvokeCall = {
  ...{ method: 'orders/1', verb: 'GET', query: '', contentType: '', typeUrl: '', from: 'http', body: Buffer.alloc(0) },
  headers: { traceparent: callers, 'dapr-caller-app-id': 'shop' },
};

function traced() {
  const spans: FinishedSpan[] = [];
  return { spans, tracing: createTracing({ ratio: 1, record: (span) => void spans.push(span) }) };
}

describe('calls of other sidecars', () => {
  it('are a span below the caller’s, and the app’s parent', async () => {
    const { spans, tracing } = traced();
    const seen: InvokeCall[] = [];
    const app = async (one: InvokeCall) => {
      seen.push(one);
      return { ...noAnswer, status: 200 };
    };
    await forPeers({ appId: 'till', tracing, watch: undefined })!(call, app);
    const [span] = spans;
    expect(span).toMatchObject({ name: 'CallLocal/till/orders/1', kind: 'server', parentSpanId: 'b7ad6b7169203331' });
    const given = parseTraceparent(String(seen[0]?.headers['traceparent']), undefined);
    expect(given).toMatchObject({ traceId: span?.context.traceId, spanId: span?.context.spanId });
  });

  it('say how they ended', async () => {
    const { spans, tracing } = traced();
    const around = forPeers({ appId: 'till', tracing, watch: undefined })!;
    for (const status of [503, 404]) await around(call, async () => ({ ...noAnswer, status }));
    const denied = new StatusError(grpcCode.PERMISSION_DENIED, 'not you');
    await expect(around(call, () => Promise.reject(denied))).rejects.toThrow('not you');
    expect(spans.map(({ error }) => error)).toEqual([
      'Code(503): Service Unavailable',
      undefined,
      'rpc error: code = PermissionDenied desc = not you',
    ]);
    const about = { 'dapr.protocol': 'grpc', 'dapr.invoke_method': 'orders/1', 'rpc.service': 'ServiceInvocation' };
    for (const { attributes } of spans) expect(attributes).toMatchObject(about);
  });

  it('are counted by caller and status', async () => {
    const told: string[] = [];
    const watch = {
      requestSent: () => {},
      responseReceived: () => {},
      requestReceived: (peer: string) => void told.push(`from ${peer}`),
      responseSent: (peer: string, status: number) => void told.push(`${status} to ${peer}`),
    };
    const answer = async () => ({ ...noAnswer, status: 200 });
    await forPeers({ appId: 'till', tracing: undefined, watch })!(call, answer);
    expect(forPeers({ appId: 'till', tracing: undefined, watch: undefined })).toBeUndefined();
    expect(told).toEqual(['from shop', '200 to shop']);
  });
});
