import type { V1Toleration } from '@kubernetes/client-node';
import { fault, toFault } from '#kit/errors/fault.ts';
import { type ControlPlaneConfig, controlPlaneConfig, type ListenAt } from '#kit/flags/control-plane.ts';
import type { ParsedFlags } from '#kit/flags/parse.ts';
import { isTruthy } from '#kit/values/truthy.ts';
import type { Flags } from './flags.ts';
import type { Settings } from './patch/settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What sidecars are given that does not depend on the pod, the cluster's state or the trust anchors. */
export type SidecarDefaults = Pick<
  Settings,
  | 'image'
  | 'imagePullPolicy'
  | 'componentImage'
  | 'remindersService'
  | 'security'
  | 'downwardApi'
  | 'ignoreEntrypointTolerations'
  | 'socketsFolder'
  | 'schedulerEnabled'
>;

/** Everything the injector is told when it starts. */
export type InjectorConfig = ControlPlaneConfig & {
  webhook: ListenAt;
  /** Own namespace, which is the control plane's. */
  namespace: string;
  trustDomain: string;
  trustAnchorsFile: string;
  sentryAddress: string | undefined;
  /** DNS domain of the cluster; absent is found out. */
  clusterDomain: string | undefined;
  /** `namespace:name` patterns of service accounts whose pods get sidecars, besides the built-in ones. */
  serviceAccounts: readonly string[];
  /** Absent is decided by the API server's version. */
  nativeSidecars: boolean | undefined;
  /** Service of actors by name and `host:port` relative to the own namespace; absent when actors are off. */
  actors: { name: string; service: string } | undefined;
  reminders: { name: string; service: string } | undefined;
  sidecar: SidecarDefaults;
  kubeconfig: string;
  env: Env;
};

const defaultAnchors = '/var/run/dapr.io/tls/ca.crt';
const defaultSocketsFolder = '/tmp/dapr-components-sockets';
const placement = { name: 'placement', service: 'dapr-placement-server:50005' };

/** Flags and environment to configuration. Throws `invalid-config` that names every variable that is wrong. */
export function configure({ values }: ParsedFlags<Flags>, env: Env): InjectorConfig {
  const problems: string[] = [];
  const read = reader(env, problems);
  const config: InjectorConfig = {
    ...controlPlaneConfig(values),
    webhook: { host: values['listen-address'], port: values.port },
    namespace: read.required('NAMESPACE', 'the own namespace'),
    trustDomain: env['DAPR_CONTROL_PLANE_TRUST_DOMAIN'] || 'cluster.local',
    trustAnchorsFile: env['DAPR_TRUST_ANCHORS_FILE'] || defaultAnchors,
    sentryAddress: env['DAPR_SENTRY_ADDRESS'] || undefined,
    clusterDomain: env['KUBE_CLUSTER_DOMAIN'] || undefined,
    serviceAccounts: [...read.list('ALLOWED_SERVICE_ACCOUNTS'), ...read.list('ALLOWED_SERVICE_ACCOUNTS_PREFIX_NAMES')],
    nativeSidecars: read.choice('NATIVE_SIDECAR_ENABLED'),
    actors: read.choice('ACTORS_ENABLED') === false ? undefined : (read.service('ACTORS_SERVICE') ?? placement),
    reminders: read.service('REMINDERS_SERVICE'),
    sidecar: {
      image: read.required('SIDECAR_IMAGE', "the sidecar's image"),
      imagePullPolicy: pullPolicy(env['SIDECAR_IMAGE_PULL_POLICY']),
      ...(env['COMPONENT_IMAGE'] ? { componentImage: env['COMPONENT_IMAGE'] } : {}),
      remindersService: undefined,
      downwardApi: read.choice('ENABLE_K8S_DOWNWARD_APIS') ?? false,
      ignoreEntrypointTolerations: read.tolerations('IGNORE_ENTRYPOINT_TOLERATIONS'),
      socketsFolder: env['DAPR_COMPONENT_SOCKETS_FOLDER'] || defaultSocketsFolder,
      schedulerEnabled: values['scheduler-enabled'],
      security: {
        runAsNonRoot: read.choice('SIDECAR_RUN_AS_NON_ROOT') ?? true,
        runAsUser: read.integer('SIDECAR_RUN_AS_USER'),
        runAsGroup: read.integer('SIDECAR_RUN_AS_GROUP'),
        readOnlyRootFilesystem: read.choice('SIDECAR_READ_ONLY_ROOT_FILESYSTEM') ?? true,
        dropAllCapabilities: read.choice('SIDECAR_DROP_ALL_CAPABILITIES') ?? true,
      },
    },
    kubeconfig: values.kubeconfig,
    env,
  };
  if (problems.length > 0) throw fault('invalid-config', problems.join('\n'));
  return config;
}

/** Reads variables; what is wrong with one is added to the problems. */
function reader(env: Env, problems: string[]) {
  return {
    required(name: string, what: string): string {
      if (!env[name]) problems.push(`${name} is not set: it names ${what}`);
      return env[name] ?? '';
    },
    list: (name: string): string[] =>
      (env[name] ?? '')
        .split(',')
        .map((word) => word.trim())
        .filter(Boolean),
    choice: (name: string): boolean | undefined => (env[name] ? isTruthy(env[name]) : undefined),
    integer(name: string): number | undefined {
      const text = env[name];
      if (!text) return undefined;
      if (!/^\d+$/.test(text)) problems.push(`${name}=${text}: must be a whole number`);
      return Number(text);
    },
    /** `<prefix>_NAME` with `<prefix>_ADDRESS` as `service:port`; `default` and no name stand for none. */
    service(prefix: string): { name: string; service: string } | undefined {
      const [name, service = ''] = [env[`${prefix}_NAME`], env[`${prefix}_ADDRESS`]];
      if (!name || name === 'default') return undefined;
      if (name === placement.name && service === '') return placement;
      if (!/^[^:]+:[1-9]\d*$/.test(service)) problems.push(`${prefix}_ADDRESS=${service}: must be <service>:<port>`);
      return { name, service };
    },
    tolerations(name: string): V1Toleration[] {
      try {
        return env[name] ? (JSON.parse(env[name]) as V1Toleration[]) : [];
      } catch (thrown) {
        problems.push(`${name} must be a JSON list of tolerations: ${toFault(thrown).message}`);
        return [];
      }
    },
  };
}

/** Dapr's default; words it does not know mean IfNotPresent. */
function pullPolicy(word: string | undefined): Settings['imagePullPolicy'] {
  if (!word) return 'Always';
  return word === 'Always' || word === 'Never' ? word : 'IfNotPresent';
}
