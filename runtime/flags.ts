import { fault } from '#kit/errors/fault.ts';
import {
  boolFlag,
  bytesFlag,
  choiceFlag,
  durationFlag,
  type Flag,
  intFlag,
  listFlag,
  portFlag,
  stringFlag,
  triStateFlag,
} from '#kit/flags/flag.ts';
import { logLevels } from '#kit/log/record.ts';
import { parseDuration } from '#kit/values/duration.ts';

/** A flag that is `undefined` when it is not given, or given empty. */
function optional<T>(flag: Flag<T>): Flag<T | undefined> {
  const parse = (text: string) => (text === '' ? undefined : flag.parse(text, undefined));
  return { ...flag, default: undefined, defaultText: '', parse };
}

/** The sidecar's flags: Dapr's, by their names. */
export const flags = {
  mode: choiceFlag('Where the sidecar runs', ['standalone', 'kubernetes'], 'standalone'),
  'app-id': stringFlag('Unique name of the app, for discovery and state keys'),
  'app-port': optional(portFlag('Port the app listens on', 0)),
  'app-protocol': choiceFlag('How the app is spoken to', ['http', 'https', 'h2c', 'grpc', 'grpcs', ''], 'http'),
  'app-channel-address': stringFlag('Address the app listens on', '127.0.0.1'),
  'app-max-concurrency': intFlag('Most calls to the app at once; -1 is no limit', -1),
  'dapr-http-port': portFlag('Port of the HTTP API', 3500),
  'dapr-grpc-port': portFlag('Port of the gRPC API', 50_001),
  'dapr-internal-grpc-port': optional(
    portFlag('Port for calls from other sidecars; empty or 0 picks one that stays the same over restarts', 0),
  ),
  'dapr-internal-grpc-listen-address': stringFlag('Address to listen on for calls from other sidecars; empty is all'),
  'dapr-listen-addresses': listFlag('Addresses to serve the API on; empty is all'),
  'dapr-public-port': optional(portFlag('Port that serves health and metadata only; off when empty', 0)),
  'dapr-public-listen-address': stringFlag('Address of the public port; empty is all'),
  'unix-domain-socket': stringFlag('Folder for sockets that serve the API in place of ports'),
  'profile-port': portFlag('Port of the profiling server', 7777),
  'enable-profiling': boolFlag('Serve profiles'),
  'metrics-port': portFlag('Port of the metrics server', 9090),
  'metrics-listen-address': stringFlag('Address of the metrics server', '0.0.0.0'),
  'enable-metrics': boolFlag('Serve metrics', true),
  'resources-path': listFlag('Folders with manifests of components and other resources; may be repeated'),
  config: listFlag('Configuration files, or the name of a Configuration in Kubernetes; may be repeated'),
  'control-plane-address': stringFlag('Address of the operator'),
  'sentry-address': stringFlag('Address of sentry'),
  'control-plane-trust-domain': stringFlag('Trust domain of the control plane', 'localhost'),
  'control-plane-namespace': stringFlag('Namespace of the control plane', 'default'),
  'sentry-request-jwt-audiences': listFlag('Audiences of the tokens asked of sentry'),
  'enable-mtls': boolFlag('Encrypt calls between sidecars'),
  'allowed-origins': stringFlag('Origins that browsers may call from; * is all, empty answers no CORS at all'),
  'max-body-size': bytesFlag('Largest request body', '4Mi'),
  'read-buffer-size': bytesFlag('Most bytes of request headers', '4Ki'),
  'dapr-graceful-shutdown-seconds': intFlag('Seconds a shutdown may take; 0 is no limit', 5),
  'dapr-block-shutdown-duration': optional(
    durationFlag('Keep serving this long after a signal to stop, or until the app is unhealthy', '0s'),
  ),
  'enable-api-logging': triStateFlag('Log each API call; follows the Configuration when not given'),
  'disable-builtin-k8s-secret-store': boolFlag('Do not open the secret store "kubernetes" by itself'),
  'enable-app-health-check': boolFlag("Watch the app's health"),
  'app-health-check-path': stringFlag('Path of the health check, for apps that speak HTTP', '/healthz'),
  'app-health-probe-interval': intFlag('Seconds between health checks', 5),
  'app-health-probe-timeout': intFlag('Milliseconds a health check may take', 500),
  'app-health-threshold': intFlag('Failed checks after which the app counts as unhealthy', 3),
  'disable-init-endpoints': listFlag('What the app is not asked at start: config, subscribe'),
  'placement-host-address': stringFlag('Addresses of placement, comma separated'),
  'scheduler-host-address': optional(stringFlag('Addresses of the scheduler, comma separated')),
  'scheduler-job-streams': intFlag('Streams that jobs are received on', 3),
  'actors-disseminate-timeout': {
    ...durationFlag('How long a new placement table may take to be in use', '30s'),
    parse: parsePositive,
  },
  'hot-reload-reconcile-interval': durationFlag('Pause between full reconciles of resources; 0 is 60s', '0s'),
  'app-binding-options-timeout': durationFlag('How long the app may take to say that it wants a binding', '3s'),
  'log-level': choiceFlag('Least severity logged', [...logLevels, 'warn'], 'info'),
  'log-as-json': boolFlag('Log as JSON'),
  'log-file': stringFlag('File that is logged to in place of standard output'),
  'build-info': boolFlag('Print what was built, and end'),
  explain: stringFlag(
    'Print which policies or access rules apply to a call, which is asked as JSON (-: on standard input), and end',
  ),
  wait: boolFlag('Wait until a sidecar on this host is ready to serve, 60 s at most, and end'),

  'components-path': stringFlag('', '', { deprecated: 'use --resources-path' }),
  'app-ssl': boolFlag('', false, { deprecated: 'use --app-protocol=https or grpcs' }),
  'dapr-http-max-request-size': optional(intFlag('', 4, { deprecated: 'use --max-body-size' })),
  'dapr-http-read-buffer-size': optional(intFlag('', 4, { deprecated: 'use --read-buffer-size' })),
  'reminders-service': stringFlag('', '', { deprecated: 'has no effect' }),
  'actors-service': stringFlag('', '', { deprecated: 'use --placement-host-address' }),
};

function parsePositive(text: string): number {
  const ms = parseDuration(text);
  if (ms <= 0) throw fault('invalid-flags', 'must be positive');
  return ms;
}
