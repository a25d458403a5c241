import type { Tracing } from '#kit/telemetry/tracing/tracing.ts';
import type { InvocationWatch } from '../telemetry/invocation-metrics.ts';
import { traceHeaders, traceOf } from './headers.ts';
import { firstOf, type Invoke, type InvokeAnswer, isHttpAnswer } from './message.ts';
import { errorText } from './status.ts';

export type ForPeersOptions = {
  /** Of the own app. */
  appId: string;
  /** Makes the span of each call; undefined when tracing is off: the caller's trace is passed on as it is. */
  tracing: Tracing | undefined;
  watch: InvocationWatch | undefined;
};

/** The way to the own app for calls of other sidecars: counted with their answers, each a span below the caller's. */
export function forPeers(invoke: Invoke, { appId, tracing, watch }: ForPeersOptions): Invoke {
  const counted = watch === undefined ? invoke : withCounts(invoke, watch);
  return tracing === undefined ? counted : withSpans(counted, appId, tracing);
}

function withCounts(invoke: Invoke, watch: InvocationWatch): Invoke {
  return async (call, signal) => {
    const caller = firstOf(call.headers, 'dapr-caller-app-id') ?? '';
    watch.requestReceived(caller);
    const answer = await invoke(call, signal);
    watch.responseSent(caller, answer.status);
    return answer;
  };
}

function withSpans(invoke: Invoke, appId: string, tracing: Tracing): Invoke {
  return async (call, signal) => {
    const span = tracing.start(`CallLocal/${appId}/${call.method}`, 'server', traceOf(call.headers));
    const { 'grpc-trace-bin': _callers, ...headers } = call.headers;
    try {
      const answer = await invoke({ ...call, headers: { ...headers, ...traceHeaders(span.context) } }, signal);
      if (span.sampled) {
        span.set({
          'dapr.api': `/dapr.proto.internals.v1.ServiceInvocation/CallLocal`,
          'dapr.invoke_method': call.method,
          'dapr.status_code': String(answer.status),
          'rpc.service': 'ServiceInvocation',
          'net.peer.name': firstOf(call.headers, 'dapr-caller-app-id') ?? '',
        });
      }
      span.end(failureOf(answer));
      return answer;
    } catch (thrown) {
      span.end(errorText(thrown));
      throw thrown;
    }
  };
}

function failureOf(answer: InvokeAnswer): string | undefined {
  if (isHttpAnswer(answer)) return answer.status >= 400 ? `Code(${answer.status})` : undefined;
  return answer.status === 0 ? undefined : answer.message;
}
