import type { SpanAttributes, Tracing } from '#kit/telemetry/tracing/tracing.ts';
import { ServiceInvocation } from '#proto/dapr/proto/internals/v1/service_invocation_pb.js';
import { httpFailure } from '../doors/tracing.ts';
import type { InvocationWatch } from '../telemetry/invocation-metrics.ts';
import { traceHeaders, traceOf } from './headers.ts';
import { firstOf, type InvokeAnswer, type InvokeCall, isHttpAnswer } from './message.ts';
import { errorText } from './status.ts';

export type ForPeersOptions = {
  /** Of the own app. */
  appId: string;
  /** Makes the span of each call; undefined when tracing is off: the caller's trace is passed on as it is. */
  tracing: Tracing | undefined;
  watch: InvocationWatch | undefined;
};

/** Makes a call of another sidecar in a way: counted, in a span. */
export type Around = (call: InvokeCall, make: (call: InvokeCall) => Promise<InvokeAnswer>) => Promise<InvokeAnswer>;

/** What surrounds the calls of other sidecars: they are counted with their answers, each a span below the caller's. */
export function forPeers({ appId, tracing, watch }: ForPeersOptions): Around | undefined {
  const counted = watch && withCounts(watch);
  const traced = tracing && withSpans(appId, tracing);
  if (counted === undefined || traced === undefined) return counted ?? traced;
  return (call, make) => traced(call, (within) => counted(within, make));
}

function withCounts(watch: InvocationWatch): Around {
  return async (call, make) => {
    const caller = firstOf(call.headers, 'dapr-caller-app-id') ?? '';
    watch.requestReceived(caller);
    const answer = await make(call);
    watch.responseSent(caller, answer.status);
    return answer;
  };
}

function withSpans(appId: string, tracing: Tracing): Around {
  return async (call, make) => {
    const span = tracing.start(`CallLocal/${appId}/${call.method}`, 'server', traceOf(call.headers));
    const { 'grpc-trace-bin': _callers, ...headers } = call.headers;
    try {
      const answer = await make({ ...call, headers: { ...headers, ...traceHeaders(span.context) } });
      if (span.sampled) span.set({ ...about(call), 'dapr.status_code': String(answer.status) });
      span.end(failureOf(answer));
      return answer;
    } catch (thrown) {
      if (span.sampled) span.set(about(call));
      span.end(errorText(thrown));
      throw thrown;
    }
  };
}

const path = `/${ServiceInvocation.typeName}/${ServiceInvocation.method.callLocalStream.name}`;

/** What a span tells of the call, under Dapr's names and whichever form it came in. */
const about = ({ method, headers }: InvokeCall): SpanAttributes => ({
  'dapr.api': path,
  'dapr.protocol': 'grpc',
  'dapr.invoke_method': method,
  'rpc.service': 'ServiceInvocation',
  'net.peer.name': firstOf(headers, 'dapr-caller-app-id') ?? '',
});

/** An app that refuses has served its call; one that fails has not. */
function failureOf(answer: InvokeAnswer): string | undefined {
  if (isHttpAnswer(answer)) return answer.status >= 500 ? httpFailure(answer.status) : undefined;
  return answer.status === 0 ? undefined : answer.message;
}
