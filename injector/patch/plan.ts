import type { V1Container, V1Pod, V1Volume } from '@kubernetes/client-node';
import { fault } from '#kit/errors/fault.ts';
import { hostedComponents, injectionWarnings } from '#kit/kube/annotations.ts';
import { type AnnotationValues, readAnnotations } from './annotations.ts';
import { type Additions, appEnvironment, containerAdditions, withAdditions } from './app-containers.ts';
import { componentContainers, hostedIn } from './component-containers.ts';
import { append, type Operation, prepend, removeAll, setKeys } from './operations.ts';
import { foreignStartupProbe } from './probes.ts';
import type { Settings } from './settings.ts';
import { sidecarContainer, sidecarName } from './sidecar-container.ts';
import {
  annotatedMounts,
  apiSocketsVolume,
  componentSockets,
  type Mounted,
  temporaryVolume,
  tokenVolume,
} from './volumes.ts';

/** What admission answers: the patch (empty: nothing to do) and lines the user should read. */
export type Plan = { operations: Operation[]; warnings: string[] };

/**
 * How a pod that asked for a sidecar is changed. Pure: pod and settings in, patch out. Where sidecars are native they
 * become init containers that keep running: first those of components, then daprd, then the pod's own, each started
 * only when the one before has.
 * Throws `invalid-resource` or `invalid-config` with the reason for which the pod must be refused.
 */
export function plan(pod: V1Pod, settings: Settings): Plan {
  if (hasSidecar(pod)) return { operations: [], warnings: [] };
  const { values, warnings } = readAnnotations(pod.metadata?.annotations);
  const appId = appIdOf(pod, values);
  const native = values['enable-native-sidecar'] ?? settings.nativeSidecars;
  const components = planComponents(pod, appId, values, settings, native);
  const mounted = mountedVolumes(values, settings);
  const annotated = annotatedMounts(pod, values);
  const sidecar = sidecarContainer({
    pod,
    appId,
    values,
    settings,
    native,
    socketsFolder: components.socketsFolder,
    mounts: [...annotated.mounts, ...mounted.map((one) => one.sidecar), ...components.mounts],
  });
  const forApp: Additions = {
    env: appEnvironment(values),
    mounts: mounted.flatMap(({ app }) => (app === undefined ? [] : [app])),
  };
  refuseSameNames(pod, components.moved, [...components.added, sidecar.container]);
  const all = [...warnings, ...annotated.warnings, ...sidecar.warnings];
  return {
    operations: [
      ...setKeys('/metadata/labels', pod.metadata?.labels, labels(appId, values)),
      ...setKeys('/metadata/annotations', pod.metadata?.annotations, forOperator(components, all)),
      ...addVolumes(pod, [...mounted.map((one) => one.volume), ...components.volumes]),
      ...containerOperations(pod, { native, components, forApp, sidecar: sidecar.container }),
    ],
    warnings: all,
  };
}

/** Whether the pod has its sidecar already, be it native or not. */
function hasSidecar({ spec }: V1Pod): boolean {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some(({ name }) => name === sidecarName);
}

/** A DNS label with room for `-dapr`, the ending of its Service. */
const appIdShape = /^[a-z0-9]([-a-z0-9]{0,56}[a-z0-9])?$/;

function appIdOf(pod: V1Pod, values: AnnotationValues): string {
  const appId = values['app-id'] || pod.metadata?.name;
  if (appId === undefined || appId === '') {
    throw fault('invalid-resource', 'the pod has no name yet to take as app ID: set the annotation dapr.io/app-id');
  }
  if (!appIdShape.test(appId)) {
    throw fault(
      'invalid-resource',
      `app ID "${appId}" is not valid: it must have at most 58 lower case letters, digits or '-', and start and end with a letter or digit (annotation dapr.io/app-id)`,
    );
  }
  return appId;
}

const labels = (appId: string, values: AnnotationValues): Record<string, string> => ({
  'dapr.io/sidecar-injected': 'true',
  'dapr.io/app-id': appId,
  'dapr.io/metrics-enabled': String(values['enable-metrics']),
});

/**
 * Tells the operator for which Components the pod has a container, and of warnings: whoever applied a Deployment never
 * sees what its pods were answered at admission.
 */
const forOperator = ({ hosted }: Components, warnings: readonly string[]): Record<string, string> => ({
  ...(hosted.length > 0 && { [hostedComponents]: hosted.join(',') }),
  ...(warnings.length > 0 && { [injectionWarnings]: warnings.join('\n') }),
});

function mountedVolumes(values: AnnotationValues, settings: Settings): Mounted[] {
  const folder = values['unix-domain-socket-path'];
  return [
    ...(folder === '' ? [] : [apiSocketsVolume(folder)]),
    ...(settings.identityToken ? [tokenVolume(settings.sentryId)] : []),
    temporaryVolume,
  ];
}

type Components = {
  /** Containers that Components bring. */
  added: V1Container[];
  /** Indexes of the pod's own component containers, and what they are given. */
  own: { indexes: number[]; additions: Additions };
  /** The pod's own ones that move to the init containers, so that they start before and end after the app. */
  moved: number[];
  volumes: V1Volume[];
  mounts: { name: string; mountPath: string }[];
  socketsFolder: string | undefined;
  /** Names of the Components that have a container of ours in the pod. */
  hosted: string[];
};

function planComponents(
  pod: V1Pod,
  appId: string,
  values: AnnotationValues,
  settings: Settings,
  native: boolean,
): Components {
  const folder = values['pluggable-components-sockets-folder'] || settings.socketsFolder;
  const injectPluggable = values['inject-pluggable-components'];
  const mount = { name: componentSockets, mountPath: folder };
  const containers = componentContainers({ appId, injectPluggable, socketsFolder: folder, native, settings });
  const hosted = hostedIn(settings.components, appId).map(({ metadata }) => metadata.name);
  const added = containers.map((container) => withAdditions(container, { env: [], mounts: [mount] }));
  const indexes = (pod.spec?.containers ?? []).flatMap(({ name }, index) =>
    values['pluggable-components'].includes(name) ? [index] : [],
  );
  const additions = { env: [{ name: 'DAPR_COMPONENT_SOCKETS_FOLDER', value: folder }], mounts: [mount] };
  if (added.length + indexes.length === 0) {
    return { added, own: { indexes, additions }, moved: [], volumes: [], mounts: [], socketsFolder: undefined, hosted };
  }
  const wanted = added.flatMap((container) => container.volumeMounts ?? []).map(({ name }) => name);
  const names = [...new Set([componentSockets, ...wanted])];
  return {
    added,
    own: { indexes, additions },
    moved: native && indexes.length < pod.spec!.containers.length ? indexes : [],
    volumes: names.map((name) => ({ name, emptyDir: {} })),
    mounts: [mount],
    socketsFolder: folder,
    hosted,
  };
}

function addVolumes(pod: V1Pod, volumes: readonly V1Volume[]): Operation[] {
  const own = pod.spec?.volumes;
  const isNew = ({ name }: V1Volume) => !own?.some((volume) => volume.name === name);
  return append('/spec/volumes', own, volumes.filter(isNew));
}

type ContainersInput = { native: boolean; components: Components; forApp: Additions; sidecar: V1Container };

function containerOperations(pod: V1Pod, { native, components, forApp, sidecar }: ContainersInput): Operation[] {
  const { containers = [], initContainers } = pod.spec ?? {};
  const { own, moved, added } = components;
  const additions = containers.flatMap((container, index) => {
    if (moved.includes(index)) return [];
    return containerAdditions(
      `/spec/containers/${index}`,
      container,
      own.indexes.includes(index) ? own.additions : forApp,
    );
  });
  if (!native) return [...additions, ...append('/spec/containers', containers, [...added, sidecar])];
  const started = moved.map((index) => ({
    ...withAdditions(containers[index]!, own.additions),
    restartPolicy: 'Always',
    ...foreignStartupProbe(containers[index]!),
  }));
  return [
    ...additions,
    ...(initContainers ?? []).flatMap((container, index) =>
      containerAdditions(`/spec/initContainers/${index}`, container, forApp),
    ),
    ...prepend('/spec/initContainers', initContainers, [...started, ...added, sidecar]),
    ...removeAll('/spec/containers', moved),
  ];
}

function refuseSameNames({ spec }: V1Pod, moved: readonly number[], added: readonly V1Container[]): void {
  const own = [
    ...(spec?.containers ?? []).filter((_, index) => !moved.includes(index)),
    ...(spec?.initContainers ?? []),
  ];
  const taken = new Set(own.map(({ name }) => name));
  for (const { name } of added) {
    if (taken.has(name))
      throw fault('invalid-resource', `the pod has a container "${name}" already, as a Component asks for`);
    taken.add(name);
  }
}
