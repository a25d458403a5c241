import type { AnnotationValues } from './annotations.ts';
import type { Settings } from './settings.ts';
import { apiSocketsFolder } from './volumes.ts';

/** The sidecar's HTTP API, in every pod. */
export const httpPort = 3500;
/** Health and metadata for the kubelet, without a token. */
export const publicPort = 3501;

type Given = string | number | boolean | undefined;

/** `--name value` where the value is given; nothing where it is undefined or empty. */
const option = (name: string, value: Given): string[] =>
  value === undefined || value === '' ? [] : [`--${name}`, String(value)];

const flag = (name: string, on: boolean): string[] => (on ? [`--${name}`] : []);

/** The sidecar's command line, without its program. */
export function sidecarArguments(appId: string, values: AnnotationValues, settings: Settings): string[] {
  return [
    ...option('dapr-http-port', httpPort),
    ...option('dapr-grpc-port', values['grpc-port']),
    ...option('dapr-internal-grpc-port', values['internal-grpc-port']),
    '--dapr-listen-addresses',
    values['sidecar-listen-addresses'],
    ...option('dapr-public-port', publicPort),
    '--app-id',
    appId,
    '--app-protocol',
    values['app-protocol'],
    '--log-level',
    values['log-level'],
    ...option('dapr-graceful-shutdown-seconds', values['graceful-shutdown-seconds']),
    ...option('mode', 'kubernetes'),
    ...controlPlane(values, settings),
    ...app(values),
    ...limits(values),
    ...flag('log-as-json', values['log-as-json']),
    ...flag('enable-profiling', values['enable-profiling']),
    ...flag('disable-builtin-k8s-secret-store', values['disable-builtin-k8s-secret-store']),
    ...(values['enable-metrics'] ? ['--enable-metrics', ...option('metrics-port', values['metrics-port'])] : []),
    ...apiLogging(values['enable-api-logging']),
  ];
}

function controlPlane(values: AnnotationValues, settings: Settings): string[] {
  const { clusterDomain, controlPlane: at } = settings;
  const service = (name: string) => `${name}.${at.namespace}.svc.${clusterDomain}:443`;
  return [
    ...option('control-plane-address', service('dapr-api')),
    ...option('sentry-address', service('dapr-sentry')),
    ...flag('enable-mtls', settings.mtls),
    ...option('sentry-request-jwt-audiences', values['sentry-request-jwt-audiences']),
    ...option('config', values.config),
    ...actors(values, settings),
    ...option('reminders-service', settings.remindersService),
    ...scheduler(values['scheduler-host-address'], settings.schedulerEnabled, service('dapr-scheduler-server-a')),
    ...optional('actors-disseminate-timeout', values['actors-disseminate-timeout']),
  ];
}

/** A pod's own address wins, and an empty one means that there is none. */
function actors(values: AnnotationValues, { actors: service }: Settings): string[] {
  const own = values['placement-host-address'];
  if (own !== undefined && own !== '') return ['--placement-host-address', own];
  if (service === undefined) return [];
  if ('service' in service) return ['--actors-service', service.service];
  return own === '' ? [] : ['--placement-host-address', service.placementAddress];
}

/** An empty address is passed on: it turns the sidecar's client off. */
function scheduler(own: string | undefined, enabled: boolean, service: string): string[] {
  if (own !== undefined) return ['--scheduler-host-address', own];
  return enabled ? ['--scheduler-host-address', service] : [];
}

/** Passed on even when empty, as long as it was given. */
const optional = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`--${name}`, value];

function app(values: AnnotationValues): string[] {
  return [
    ...(values['app-port'] > 0 ? option('app-port', values['app-port']) : []),
    ...option('app-channel-address', values['app-channel-address']),
    ...flag('app-ssl', values['app-ssl']),
    ...option('app-max-concurrency', values['app-max-concurrency']),
    ...(values['unix-domain-socket-path'] === '' ? [] : option('unix-domain-socket', apiSocketsFolder)),
    ...optional('disable-init-endpoints', values['disable-init-endpoints']),
    ...(values['enable-app-health-check'] ? appHealth(values) : []),
  ];
}

function appHealth(values: AnnotationValues): string[] {
  return [
    '--enable-app-health-check',
    ...option('app-health-check-path', values['app-health-check-path']),
    ...option('app-health-probe-interval', values['app-health-probe-interval']),
    ...option('app-health-probe-timeout', values['app-health-probe-timeout']),
    ...option('app-health-threshold', values['app-health-threshold']),
  ];
}

function limits(values: AnnotationValues): string[] {
  return [
    ...option('dapr-http-max-request-size', values['http-max-request-size']),
    ...option('max-body-size', values['max-body-size']),
    ...option('dapr-http-read-buffer-size', values['http-read-buffer-size']),
    ...option('read-buffer-size', values['read-buffer-size']),
    ...optional('dapr-block-shutdown-duration', values['block-shutdown-duration']),
  ];
}

/** Only where the pod says so; else the Configuration decides. */
const apiLogging = (on: boolean | undefined): string[] => (on === undefined ? [] : [`--enable-api-logging=${on}`]);
