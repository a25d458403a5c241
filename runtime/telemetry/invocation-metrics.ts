import type { Registry } from 'prom-client';
import { boundCounter, boundHistogram } from '#kit/telemetry/bound-series.ts';
import { boundOnce } from './bound-once.ts';
import { latencyBuckets } from './component-metrics.ts';

export type CallType = 'unary' | 'streaming';

/** Who watches calls between sidecars. `appId` is the peer's; `status` an HTTP status or gRPC code. */
export type InvocationWatch = {
  /** On the caller's side; a call that is tried again counts each time. Only proxied gRPC may be `streaming`. */
  requestSent(appId: string, type: CallType): void;
  responseReceived(appId: string, status: number, milliseconds: number): void;
  /** On the callee's side. */
  requestReceived(appId: string): void;
  responseSent(appId: string, status: number): void;
};

const name = (rest: string) => `dapr_runtime_service_invocation_${rest}`;

/** Makes it: `dapr_runtime_service_invocation_{req_sent,req_recv,res_sent,res_recv}_total` and `…_res_recv_latency_ms`. */
export function invocationMetrics(
  registry: Registry,
  appId: string,
  buckets: readonly number[] = latencyBuckets,
): InvocationWatch {
  const counter = (rest: string, help: string) => boundCounter(registry, { name: name(rest), help });
  const sent = counter('req_sent_total', 'Calls sent to other sidecars.');
  const received = counter('req_recv_total', 'Calls received from other sidecars.');
  const answered = counter('res_sent_total', 'Answers sent to other sidecars.');
  const answers = counter('res_recv_total', 'Answers received from other sidecars.');
  const latency = boundHistogram(registry, {
    name: name('res_recv_latency_ms'),
    help: 'Time from a call of another sidecar to its answer, in milliseconds.',
    buckets,
  });
  const sentTo = boundOnce((peer, type) => sent({ app_id: appId, dst_app_id: peer, type }));
  const receivedFrom = boundOnce((peer) => received({ app_id: appId, src_app_id: peer }));
  const answeredTo = boundOnce((peer, _verb, status) => {
    return answered({ app_id: appId, dst_app_id: peer, status: String(status) });
  });
  const answeredBy = boundOnce((peer, _verb, code) => {
    const labels = { app_id: appId, src_app_id: peer, status: String(code) };
    return { count: answers({ ...labels, type: 'unary' }), latency: latency(labels) };
  });
  return {
    requestSent: (peer, type) => sentTo(peer, type, 0).inc(),
    responseReceived(peer, status, milliseconds) {
      const series = answeredBy(peer, '', status);
      series.count.inc();
      series.latency.observe(milliseconds);
    },
    requestReceived: (peer) => receivedFrom(peer, '', 0).inc(),
    responseSent: (peer, status) => answeredTo(peer, '', status).inc(),
  };
}
