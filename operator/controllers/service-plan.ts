import { fault } from '#kit/errors/fault.ts';
import type { ObjectMeta } from '#kit/kube/object.ts';
import { isTruthy } from '#kit/values/truthy.ts';
import type { Workload } from './workload.ts';

export type ServicePort = { name: string; protocol: 'TCP'; port: number; targetPort: number; appProtocol: string };

export type Service = {
  metadata: ObjectMeta;
  spec: { clusterIP?: string; selector: Readonly<Record<string, string>>; ports: readonly ServicePort[] };
};

const suffix = '-dapr';
const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Name of the Service of an app. Throws `bad-request` when it would not be a DNS label of at most 63 characters. */
export function serviceName(appId: string): string {
  const name = `${appId}${suffix}`;
  if (appId === '') throw fault('bad-request', 'the annotation dapr.io/app-id is missing or empty on the pod template');
  if (dnsLabel.test(appId) && name.length <= 63) return name;
  throw fault(
    'bad-request',
    `dapr.io/app-id "${appId}" cannot name a Service: use at most ${63 - suffix.length} lower-case letters, digits and dashes`,
  );
}

/** The whole Service by which an app's sidecars are found, as it should be. */
export function planService(workload: Workload, options: { mtls: boolean }): Service {
  const { annotations } = workload;
  const appId = annotations['dapr.io/app-id'] ?? '';
  const port = (annotation: string, otherwise: number) => portOf(annotations[annotation], otherwise);
  const metricsPort = port('dapr.io/metrics-port', 9090);
  const tcp = (name: string, port: number, appProtocol: string, targetPort = port): ServicePort => ({
    name,
    protocol: 'TCP',
    port,
    targetPort,
    appProtocol,
  });
  return {
    metadata: {
      name: serviceName(appId),
      namespace: workload.namespace,
      labels: { 'dapr.io/enabled': 'true' },
      annotations: serviceAnnotations(appId, annotations, metricsPort),
      ownerReferences: [
        {
          apiVersion: workload.apiVersion,
          kind: workload.kind,
          name: workload.name,
          uid: workload.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      clusterIP: 'None',
      selector: workload.matchLabels,
      ports: [
        tcp('dapr-http', 80, 'http', 3500),
        tcp('dapr-grpc', port('dapr.io/grpc-port', 50_001), 'grpc'),
        tcp('dapr-internal', port('dapr.io/internal-grpc-port', 50_002), options.mtls ? 'tls' : 'grpc'),
        tcp('dapr-metrics', metricsPort, 'http'),
      ],
    },
  };
}

/** As everywhere in Dapr, an annotation that is no port counts as not given. */
function portOf(text: string | undefined, otherwise: number): number {
  const port = text !== undefined && /^\d+$/.test(text) ? Number(text) : 0;
  return port > 0 && port <= 65_535 ? port : otherwise;
}

function serviceAnnotations(
  appId: string,
  annotations: Workload['annotations'],
  metricsPort: number,
): Record<string, string> {
  const scraped = annotations['dapr.io/enable-metrics'];
  const own: Record<string, string> = { 'dapr.io/app-id': appId };
  if (scraped === undefined || scraped === '' || isTruthy(scraped)) {
    own['prometheus.io/probe'] = 'true';
    own['prometheus.io/scrape'] = 'true';
    own['prometheus.io/port'] = String(metricsPort);
    own['prometheus.io/path'] = '/';
  }
  const added = (annotations['dapr.io/sidecar-svc-annotations'] ?? '')
    .split(',')
    .filter((pair) => pair.includes('='))
    .map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()] as const)
    .filter(([key]) => key !== '');
  return { ...Object.fromEntries(added), ...own };
}

/** Whether a Service already is as planned, in everything the plan speaks of. */
export function isAsPlanned(planned: Service, actual: Service): boolean {
  const view = ({ metadata, spec }: Service) =>
    JSON.stringify([
      sorted(metadata.labels),
      sorted(metadata.annotations),
      metadata.ownerReferences?.map(({ kind, name, uid, controller }) => [kind, name, uid, controller]),
      sorted(spec.selector),
      spec.clusterIP,
      spec.ports.map(({ name, protocol, port, targetPort, appProtocol }) => [
        name,
        protocol,
        port,
        targetPort,
        appProtocol,
      ]),
    ]);
  return view(planned) === view(actual);
}

const sorted = (pairs: Readonly<Record<string, string>> | null | undefined) =>
  Object.entries(pairs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
