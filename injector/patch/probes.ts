import type { V1Container, V1Probe } from '@kubernetes/client-node';
import type { AnnotationValues } from './annotations.ts';
import { publicPort } from './arguments.ts';

/** Ready when app and components are. */
export const readinessProbe = (values: AnnotationValues): V1Probe => ({
  httpGet: { path: '/v1.0/healthz', port: publicPort },
  initialDelaySeconds: values['sidecar-readiness-probe-delay-seconds'],
  timeoutSeconds: values['sidecar-readiness-probe-timeout-seconds'],
  periodSeconds: values['sidecar-readiness-probe-period-seconds'],
  failureThreshold: values['sidecar-readiness-probe-threshold'],
});

/** Alive as long as it takes connections. */
export const livenessProbe = (values: AnnotationValues): V1Probe => ({
  tcpSocket: { port: publicPort },
  initialDelaySeconds: values['sidecar-liveness-probe-delay-seconds'],
  timeoutSeconds: values['sidecar-liveness-probe-timeout-seconds'],
  periodSeconds: values['sidecar-liveness-probe-period-seconds'],
  failureThreshold: values['sidecar-liveness-probe-threshold'],
});

/** Five minutes: a control plane that is away shall not make the kubelet restart what waits for it. */
const patience = { periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 300 };

/**
 * Started when components are open and the APIs serve. It does not wait for the app, which starts only afterwards.
 */
export const startupProbe: V1Probe = { httpGet: { path: '/v1.0/healthz/outbound', port: publicPort }, ...patience };

/** Started when the component container says that its socket takes connections. */
export const componentStartupProbe = (port: number): V1Probe => ({ httpGet: { path: '/healthz', port }, ...patience });

/**
 * That of a component container which others wrote: its own, else whether its first port takes connections. One
 * without a port says nothing, and is taken as started.
 */
export function foreignStartupProbe({ startupProbe: own, ports = [] }: V1Container): Pick<V1Container, 'startupProbe'> {
  const port = ports.find(({ protocol = 'TCP' }) => protocol === 'TCP')?.containerPort;
  const probe = own ?? (port === undefined ? undefined : { tcpSocket: { port }, ...patience });
  return probe === undefined ? {} : { startupProbe: probe };
}
