import { fault } from '#kit/errors/fault.ts';
import type { ParsedFlags } from '#kit/flags/parse.ts';
import type { World } from '#kit/lifecycle/binary.ts';
import type { LogLevel } from '#kit/log/record.ts';
import { isTruthy } from '#kit/values/truthy.ts';
import type { flags } from './flags.ts';

export type AppProtocol = 'http' | 'https' | 'h2c' | 'grpc' | 'grpcs';

/** How the app is reached. */
export type AppConfig = {
  /** Undefined: there is no app to call. */
  port: number | undefined;
  protocol: AppProtocol;
  channelAddress: string;
  /** 0 is no limit. */
  maxConcurrency: number;
  health: { path: string; intervalMs: number; timeoutMs: number; threshold: number } | undefined;
  /** Sent to the app as `dapr-api-token`; empty for none. */
  token: string;
};

export type ApiConfig = {
  httpPort: number;
  grpcPort: number;
  /** One empty address means all. Brackets of IPv6 addresses are taken off. */
  addresses: readonly string[];
  publicPort: number | undefined;
  publicAddress: string;
  /** Undefined: picked, the same over restarts where it is free. */
  internalPort: number | undefined;
  internalAddress: string;
  unixSocketFolder: string;
  /** Empty: callers need none. */
  token: string;
  /** 0 is no limit. */
  maxBodyBytes: number;
  maxHeaderBytes: number;
  allowedOrigins: string;
  /** Undefined: as the Configuration says. */
  logging: boolean | undefined;
  http2: boolean;
};

export type ControlPlaneConfig = {
  operatorAddress: string;
  sentryAddress: string;
  trustDomain: string;
  namespace: string;
  jwtAudiences: readonly string[];
  /** PEM; empty for none. */
  trustAnchors: string;
  tokenFile: string | undefined;
  localIdentity: string | undefined;
  mtls: boolean;
};

/** All the sidecar is told at start. */
export type RuntimeConfig = {
  mode: 'standalone' | 'kubernetes';
  appId: string;
  /** `default` where the environment names none. */
  namespace: string;
  /** Whether the environment names a namespace: then resources of others are left out. */
  namespaceGiven: boolean;
  podName: string;
  hostAddress: string | undefined;
  app: AppConfig;
  api: ApiConfig;
  controlPlane: ControlPlaneConfig;
  metrics: { enabled: boolean; port: number; address: string };
  profiling: { enabled: boolean; port: number };
  resourcesPaths: readonly string[];
  configs: readonly string[];
  /** 0 is no limit. */
  graceMs: number;
  blockShutdownMs: number | undefined;
  disableKubernetesSecretStore: boolean;
  skipAppConfig: boolean;
  skipAppSubscriptions: boolean;
  placementAddresses: readonly string[];
  schedulerAddresses: readonly string[];
  schedulerStreams: number;
  actorsDisseminateTimeoutMs: number;
  reconcileIntervalMs: number;
  appBindingOptionsTimeoutMs: number;
  /** Folder of sockets that pluggable components listen on. */
  socketsFolder: string;
  log: { level: LogLevel; json: boolean; file: string };
  task: 'run' | 'wait' | 'build-info';
  /** The environment, for envRef and `$VAR` in Configurations; never logged. */
  env: World['env'];
};

type Parsed = ParsedFlags<typeof flags>;

/** Flags and environment in, configuration out. Throws `invalid-flags` that lists every problem. */
export function configure(parsed: Parsed, env: World['env']): RuntimeConfig {
  const { values } = parsed;
  const task = values['build-info'] ? 'build-info' : values.wait ? 'wait' : 'run';
  const problems = task === 'run' ? problemsOf(parsed) : [];
  if (problems.length > 0) throw fault('invalid-flags', problems.join('\n'));
  return {
    mode: values.mode,
    appId: values['app-id'],
    namespace: env['NAMESPACE'] || 'default',
    namespaceGiven: (env['NAMESPACE'] ?? '') !== '',
    podName: env['POD_NAME'] ?? '',
    hostAddress: env['DAPR_HOST_IP'] || undefined,
    app: appConfig(parsed, env),
    api: apiConfig(parsed, env),
    controlPlane: controlPlaneConfig(parsed, env),
    metrics: {
      enabled: values['enable-metrics'],
      port: values['metrics-port'],
      address: bare(values['metrics-listen-address']),
    },
    profiling: { enabled: values['enable-profiling'], port: values['profile-port'] },
    resourcesPaths:
      values['resources-path'].length > 0 ? values['resources-path'] : [values['components-path']].filter(Boolean),
    configs: values.config,
    graceMs: graceMs(values['dapr-graceful-shutdown-seconds']),
    blockShutdownMs: values['dapr-block-shutdown-duration'],
    disableKubernetesSecretStore: values['disable-builtin-k8s-secret-store'],
    skipAppConfig: initEndpoints(parsed).includes('config'),
    skipAppSubscriptions: initEndpoints(parsed).includes('subscribe'),
    placementAddresses: addresses(values['placement-host-address'] || afterColon(values['actors-service'])),
    schedulerAddresses: addresses(
      values['scheduler-host-address'] ??
        (parsed.given.has('scheduler-host-address') ? '' : env['DAPR_SCHEDULER_HOST_ADDRESS_DNS_A']) ??
        '',
    ),
    schedulerStreams: values['scheduler-job-streams'],
    actorsDisseminateTimeoutMs: values['actors-disseminate-timeout'],
    reconcileIntervalMs: values['hot-reload-reconcile-interval'] || 60_000,
    appBindingOptionsTimeoutMs: values['app-binding-options-timeout'],
    socketsFolder:
      env['DAPR_COMPONENTS_SOCKETS_FOLDER'] || env['DAPR_COMPONENT_SOCKETS_FOLDER'] || '/tmp/dapr-components-sockets',
    log: {
      level: values['log-level'] === 'warn' ? 'warning' : values['log-level'],
      json: values['log-as-json'],
      file: values['log-file'],
    },
    task,
    env,
  };
}

function problemsOf({ values }: Parsed): string[] {
  const problems: string[] = [];
  const appId = values['app-id'];
  const appPort = values['app-port'];
  if (appId === '') problems.push('--app-id: must be given');
  else if (values.mode === 'standalone' && appId.includes('.')) {
    problems.push(`--app-id=${appId}: must not contain a dot`);
  }
  for (const name of ['dapr-http-port', 'dapr-grpc-port'] as const) {
    if (appPort !== undefined && appPort !== 0 && appPort === values[name]) {
      problems.push(`--app-port=${appPort}: is also --${name}`);
    }
  }
  for (const endpoint of values['disable-init-endpoints'].map(word).filter(Boolean)) {
    if (endpoint !== 'config' && endpoint !== 'subscribe') {
      problems.push(`--disable-init-endpoints=${endpoint}: must be one of config, subscribe`);
    }
  }
  if (values.mode === 'kubernetes' && values['control-plane-address'] === '') {
    problems.push('--control-plane-address: must be given with --mode=kubernetes');
  }
  return problems;
}

function appConfig({ values }: Parsed, env: World['env']): AppConfig {
  const named = values['app-protocol'] || 'http';
  const protocol = values['app-ssl'] && (named === 'http' || named === 'grpc') ? (`${named}s` as const) : named;
  return {
    port: values['app-port'] || undefined,
    protocol,
    channelAddress: values['app-channel-address'] || '127.0.0.1',
    maxConcurrency: Math.max(values['app-max-concurrency'], 0),
    health: values['enable-app-health-check']
      ? {
          path: values['app-health-check-path'],
          intervalMs: positive(values['app-health-probe-interval'], 5) * 1_000,
          timeoutMs: positive(values['app-health-probe-timeout'], 500),
          threshold: positive(values['app-health-threshold'], 3),
        }
      : undefined,
    token: env['APP_API_TOKEN'] ?? '',
  };
}

function apiConfig({ values, given }: Parsed, env: World['env']): ApiConfig {
  const listen = values['dapr-listen-addresses'].map(bare);
  const olderBody = values['dapr-http-max-request-size'];
  const olderHeader = values['dapr-http-read-buffer-size'];
  return {
    httpPort: values['dapr-http-port'],
    grpcPort: values['dapr-grpc-port'],
    addresses: listen.length === 0 ? [''] : listen,
    publicPort: values['dapr-public-port'],
    publicAddress: bare(values['dapr-public-listen-address']),
    internalPort: values['dapr-internal-grpc-port'] || undefined,
    internalAddress: bare(values['dapr-internal-grpc-listen-address']),
    unixSocketFolder: values['unix-domain-socket'],
    token: env['DAPR_API_TOKEN'] ?? '',
    maxBodyBytes: Math.max(
      0,
      !given.has('max-body-size') && olderBody !== undefined ? olderBody * 2 ** 20 : values['max-body-size'],
    ),
    maxHeaderBytes:
      !given.has('read-buffer-size') && olderHeader !== undefined ? olderHeader * 1_024 : values['read-buffer-size'],
    allowedOrigins: values['allowed-origins'],
    logging: values['enable-api-logging'],
    http2: !isTruthy(env['DAPR_HTTP_DISABLE_H2C']),
  };
}

function controlPlaneConfig({ values, given }: Parsed, env: World['env']): ControlPlaneConfig {
  const orEnv = (flag: 'control-plane-trust-domain' | 'control-plane-namespace', name: string) =>
    given.has(flag) ? values[flag] : (env[name] ?? values[flag]);
  return {
    operatorAddress: values['control-plane-address'],
    sentryAddress: values['sentry-address'],
    trustDomain: orEnv('control-plane-trust-domain', 'DAPR_CONTROLPLANE_TRUST_DOMAIN'),
    namespace: orEnv('control-plane-namespace', 'DAPR_CONTROLPLANE_NAMESPACE'),
    jwtAudiences: values['sentry-request-jwt-audiences'],
    trustAnchors: env['DAPR_TRUST_ANCHORS'] ?? '',
    tokenFile: env['DAPR_SENTRY_TOKEN_FILE'],
    localIdentity: env['SENTRY_LOCAL_IDENTITY'] || undefined,
    mtls: values['enable-mtls'],
  };
}

const defaultGraceMs = 5_000;

const graceMs = (seconds: number) => (seconds < 0 ? defaultGraceMs : seconds * 1_000);
const positive = (value: number, otherwise: number) => (value > 0 ? value : otherwise);
const word = (text: string) => text.trim().toLowerCase();
const bare = (address: string) => address.trim().replace(/^\[(.*)\]$/, '$1');
const afterColon = (service: string) => service.slice(service.indexOf(':') + 1);
const initEndpoints = ({ values }: Parsed) => values['disable-init-endpoints'].map(word);

/** Addresses of a list, quotes and blanks around them taken off: manifests that quote twice are common. */
function addresses(csv: string): string[] {
  return csv
    .split(',')
    .map((one) => one.replaceAll(/["'\s]/g, ''))
    .filter(Boolean);
}
