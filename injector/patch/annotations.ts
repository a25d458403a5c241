import { nearest } from '#kit/values/nearest.ts';
import {
  type Annotation,
  list,
  number,
  onOff,
  optionalNumber,
  optionalOnOff,
  optionalText,
  text,
} from './annotation.ts';

/** Before each name below. */
export const prefix = 'dapr.io/';

/** Every annotation of a pod under `dapr.io/`. Source of names and defaults: Dapr 1.18 `pkg/injector`. */
export const annotations = {
  enabled: text('`true` adds the sidecar.'),
  'app-id': text("The app's ID; the pod's name where left out."),
  'app-port': number('Port the app listens on; 0 for none.', 0),
  'app-protocol': text('How the app is spoken to: `http`, `https`, `h2c`, `grpc`, `grpcs`.', 'http'),
  'app-ssl': onOff('Older form of `https` and `grpcs` in `app-protocol`.'),
  'app-channel-address': text('Host the app listens on, where it is not the pod itself.'),
  'app-max-concurrency': optionalNumber('Most requests the app is given at once.'),
  config: text("Name of the Configuration in the pod's namespace."),
  env: text('Variables for the sidecar: `NAME=value,OTHER=value`.'),
  'env-from-secret': text('Variables for the sidecar from secrets: `NAME=secret:key,OTHER=secret`.'),
  'log-level': text('`debug`, `info`, `warning`, `error` or `fatal`.', 'info'),
  'log-as-json': onOff('Whether logs are JSON.'),
  'enable-api-logging': optionalOnOff('Whether each API call is logged; the Configuration decides where left out.'),
  'enable-metrics': onOff('Whether the sidecar serves metrics.', true),
  'metrics-port': number('Port of the metrics.', 9090),
  'enable-profiling': onOff('Whether the profiling port is open.'),
  'enable-debug': onOff('Whether the sidecar is started under a debugger.'),
  'debug-port': number('Port of the debugger.', 40_000),
  'api-token-secret': text('Secret with key `token` that callers of the API must present.'),
  'app-token-secret': text('Secret with key `token` that the sidecar presents to the app.'),
  'sentry-request-jwt-audiences': text('Audiences of further identity tokens.'),
  'grpc-port': number('Port of the gRPC API.', 50_001),
  'internal-grpc-port': number('Port that other sidecars call.', 50_002),
  'sidecar-listen-addresses': text('Addresses the APIs are served on.', '[::1],127.0.0.1'),
  'unix-domain-socket-path': text('Folder in the app for the sockets of the APIs, which then are not on TCP.'),
  'sidecar-image': text("The sidecar's image, in place of the cluster's."),
  'sidecar-cpu-request': text('CPU request, such as `100m`.'),
  'sidecar-cpu-limit': text('CPU limit.'),
  'sidecar-memory-request': text('Memory request, such as `128Mi`.'),
  'sidecar-memory-limit': text('Memory limit.'),
  'sidecar-liveness-probe-delay-seconds': number('Liveness probe: wait before the first.', 180),
  'sidecar-liveness-probe-timeout-seconds': number('Liveness probe: time for an answer.', 3),
  'sidecar-liveness-probe-period-seconds': number('Liveness probe: pause between two.', 10),
  'sidecar-liveness-probe-threshold': number('Liveness probe: failures before a restart.', 5),
  'sidecar-readiness-probe-delay-seconds': number('Readiness probe: wait before the first.', 1),
  'sidecar-readiness-probe-timeout-seconds': number('Readiness probe: time for an answer.', 1),
  'sidecar-readiness-probe-period-seconds': number('Readiness probe: pause between two.', 1),
  'sidecar-readiness-probe-threshold': number('Readiness probe: failures before the pod is not ready.', 5),
  'sidecar-seccomp-profile-type': text('Seccomp profile of the sidecar.', 'RuntimeDefault'),
  'enable-native-sidecar': optionalOnOff(
    'Whether the sidecar is a native one, which starts before the app and ends after it; the cluster decides where left out.',
  ),
  'volume-mounts': text('Volumes of the pod to mount read-only in the sidecar: `volume:path,…`.'),
  'volume-mounts-rw': text('The same, writable.'),
  'disable-builtin-k8s-secret-store': onOff('Whether the secret store `kubernetes` is left out.'),
  'max-body-size': text('Largest request body, such as `4Mi`.'),
  'http-max-request-size': optionalNumber('Older form of `max-body-size`, in MB.'),
  'read-buffer-size': text('Largest request headers, such as `4Ki`.'),
  'http-read-buffer-size': optionalNumber('Older form of `read-buffer-size`, in KB.'),
  'graceful-shutdown-seconds': number('How long the sidecar may take to end; -1 for its own default.', -1),
  'block-shutdown-duration': optionalText('How long the sidecar serves on after it was asked to end.'),
  'enable-app-health-check': onOff("Whether the app's health is probed."),
  'app-health-check-path': text('Path that is probed.', '/healthz'),
  'app-health-probe-interval': number('Pause between probes, in seconds.', 5),
  'app-health-probe-timeout': number('Time for an answer, in milliseconds.', 500),
  'app-health-threshold': number('Failures before the app counts as unhealthy.', 3),
  'disable-init-endpoints': optionalText('Endpoints of the app that are not asked at the start: `config,subscribe`.'),
  'placement-host-address': optionalText('Addresses of placement; empty for none.', { trim: 'quotes' }),
  'scheduler-host-address': optionalText('Addresses of the scheduler; empty for none.', { trim: 'quotes' }),
  'actors-disseminate-timeout': optionalText('How long a round of actor placement may take.'),
  'pluggable-components': list('Containers of the pod that are pluggable components.'),
  'pluggable-components-sockets-folder': text("Folder of the components' sockets."),
  'inject-pluggable-components': onOff('Whether containers that Components carry are added to the pod.'),
} as const satisfies Record<string, Annotation<unknown>>;

type Table = typeof annotations;

/** A pod's annotations by name, with defaults filled in. */
export type AnnotationValues = {
  readonly [K in keyof Table]: Table[K] extends Annotation<infer T> ? T : never;
};

/** Those that other parts of the system read from the same pod. */
const readElsewhere = ['sidecar-svc-annotations', 'control-plane', 'app-binding-options-timeout'];

/** What a pod's annotations ask for, and a line for each that cannot be meant. */
export function readAnnotations(given: Readonly<Record<string, string>> = {}): {
  values: AnnotationValues;
  warnings: string[];
} {
  const warnings: string[] = [];
  const values = Object.entries(annotations).map(([name, annotation]) => {
    const written = given[prefix + name];
    const parsed = written === undefined ? undefined : annotation.parse(written);
    if (written !== undefined && parsed === undefined) warnings.push(ignored(name, written));
    return [name, parsed ?? annotation.default] as const;
  });
  return { values: Object.fromEntries(values) as AnnotationValues, warnings: [...warnings, ...unknown(given)] };
}

const ignored = (name: string, written: string): string =>
  `annotation ${prefix}${name}: "${written}" is not a whole number and is ignored`;

function unknown(given: Readonly<Record<string, string>>): string[] {
  const known = [...Object.keys(annotations), ...readElsewhere];
  return Object.keys(given)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearest(name, known);
      return `annotation ${prefix}${name} is unknown${near === undefined ? '' : `, did you mean ${prefix}${near}?`}`;
    });
}
