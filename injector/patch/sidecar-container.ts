import { isDeepStrictEqual } from 'node:util';
import type { V1Container, V1EnvVar, V1Pod, V1ResourceRequirements, V1VolumeMount } from '@kubernetes/client-node';
import { parseQuantity } from '#kit/values/quantity.ts';
import type { AnnotationValues } from './annotations.ts';
import { httpPort, sidecarArguments } from './arguments.ts';
import { envFromSecrets, envNames, envOf } from './environment.ts';
import { livenessProbe, readinessProbe, startupProbe } from './probes.ts';
import { mayInstallCertificates, securityContext } from './security-context.ts';
import type { Settings } from './settings.ts';
import { temporaryFolder } from './volumes.ts';

/** Name of the sidecar's container; a pod that has one is left alone. */
export const sidecarName = 'daprd';

export type SidecarInput = {
  pod: V1Pod;
  appId: string;
  values: AnnotationValues;
  settings: Settings;
  native: boolean;
  mounts: readonly V1VolumeMount[];
  /** Folder of component sockets; absent where the pod has no component containers. */
  socketsFolder: string | undefined;
};

/** The sidecar's container, and a line for each annotation that had to be ignored. */
export function sidecarContainer(input: SidecarInput): { container: V1Container; warnings: string[] } {
  const { values, settings } = input;
  const env = environment(input);
  const context = securityContext(settings.security, values['sidecar-seccomp-profile-type']);
  const { resources, warnings } = resourcesOf(values);
  const container: V1Container = {
    name: sidecarName,
    image: values['sidecar-image'] || settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    ...program(input),
    ports: ports(values),
    env,
    ...(resources === undefined ? {} : { resources }),
    securityContext: env.some(({ name }) => name === 'SSL_CERT_DIR') ? mayInstallCertificates(context) : context,
    volumeMounts: [...input.mounts],
    ...(input.native ? { restartPolicy: 'Always', startupProbe } : {}),
    readinessProbe: readinessProbe(values),
    livenessProbe: livenessProbe(values),
  };
  return { container, warnings };
}

const debugger_ = (port: number): string[] => [
  '--listen',
  `:${port}`,
  '--accept-multiclient',
  '--headless=true',
  '--log',
  '--api-version=2',
  'exec',
  '/daprd',
  '--',
];

/** The program comes first in the arguments, so that an image may have an entrypoint of its own. */
function program({ pod, appId, values, settings }: SidecarInput): Pick<V1Container, 'command' | 'args'> {
  const command = [values['enable-debug'] ? '/dlv' : '/daprd'];
  const own = sidecarArguments(appId, values, settings);
  const args = values['enable-debug'] ? [...debugger_(values['debug-port']), ...own] : own;
  const tolerations = pod.spec?.tolerations ?? [];
  const ignoresEntrypoint = settings.ignoreEntrypointTolerations.some((wanted) =>
    tolerations.some((given) => isDeepStrictEqual({ ...given }, { ...wanted })),
  );
  return ignoresEntrypoint ? { command, args } : { args: [...command, ...args] };
}

function ports(values: AnnotationValues): { name: string; containerPort: number }[] {
  return [
    { name: 'dapr-http', containerPort: httpPort },
    { name: 'dapr-grpc', containerPort: values['grpc-port'] },
    { name: 'dapr-internal', containerPort: values['internal-grpc-port'] },
    { name: 'dapr-metrics', containerPort: values['metrics-port'] },
    ...(values['enable-debug'] ? [{ name: 'dapr-debug', containerPort: values['debug-port'] }] : []),
  ];
}

function environment({ values, settings, socketsFolder }: SidecarInput): V1EnvVar[] {
  const names = envNames(values.env, values['env-from-secret']);
  return [
    { name: 'NAMESPACE', value: settings.namespace },
    { name: 'DAPR_TRUST_ANCHORS', value: settings.trustAnchors },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'DAPR_CONTROLPLANE_NAMESPACE', value: settings.controlPlane.namespace },
    { name: 'DAPR_CONTROLPLANE_TRUST_DOMAIN', value: settings.controlPlane.trustDomain },
    { name: 'TMPDIR', value: temporaryFolder },
    ...(settings.downwardApi ? [{ name: 'DAPR_HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] : []),
    ...envOf(values.env),
    ...envFromSecrets(values['env-from-secret']),
    ...(names.length > 0 ? [{ name: 'DAPR_ENV_KEYS', value: names.join(' ') }] : []),
    ...(socketsFolder === undefined ? [] : socketsFolderEnv(socketsFolder)),
    ...tokenEnv('DAPR_API_TOKEN', values['api-token-secret']),
    ...tokenEnv('APP_API_TOKEN', values['app-token-secret']),
  ];
}

/** Dapr's injector writes the first, its sidecar reads the second. */
const socketsFolderEnv = (folder: string): V1EnvVar[] => [
  { name: 'DAPR_COMPONENT_SOCKETS_FOLDER', value: folder },
  { name: 'DAPR_COMPONENTS_SOCKETS_FOLDER', value: folder },
];

const tokenEnv = (name: string, secret: string): V1EnvVar[] =>
  secret === '' ? [] : [{ name, valueFrom: { secretKeyRef: { name: secret, key: 'token' } } }];

/** All four quantities or none: one that cannot be read leaves the sidecar without, as in Dapr. */
function resourcesOf(values: AnnotationValues): { resources: V1ResourceRequirements | undefined; warnings: string[] } {
  const asked = [
    ['requests', 'cpu', 'sidecar-cpu-request'],
    ['requests', 'memory', 'sidecar-memory-request'],
    ['limits', 'cpu', 'sidecar-cpu-limit'],
    ['limits', 'memory', 'sidecar-memory-limit'],
  ] as const;
  const given = asked.filter(([, , name]) => values[name] !== '');
  const warnings = given
    .filter(([, , name]) => !isQuantity(values[name]))
    .map(
      ([, , name]) => `annotation dapr.io/${name}: "${values[name]}" is not a quantity; the sidecar gets no resources`,
    );
  if (given.length === 0 || warnings.length > 0) return { resources: undefined, warnings };
  const resources: Record<string, Record<string, string>> = {};
  for (const [group, resource, name] of given) resources[group] = { ...resources[group], [resource]: values[name] };
  return { resources, warnings };
}

function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}
