import type { V1Container, V1EnvVar, V1VolumeMount } from '@kubernetes/client-node';
import type { AnnotationValues } from './annotations.ts';
import { httpPort } from './arguments.ts';
import { append, type Operation } from './operations.ts';

/** What a container of the pod is given. */
export type Additions = { env: readonly V1EnvVar[]; mounts: readonly V1VolumeMount[] };

/** Where the app finds its sidecar. */
export function appEnvironment(values: AnnotationValues): V1EnvVar[] {
  const protocol = appProtocol(values);
  return [
    { name: 'DAPR_HTTP_PORT', value: String(httpPort) },
    { name: 'DAPR_GRPC_PORT', value: String(values['grpc-port']) },
    ...(protocol === '' ? [] : [{ name: 'APP_PROTOCOL', value: protocol }]),
  ];
}

/** Additions to one container; what it already sets stays. */
export function containerAdditions(path: string, container: V1Container, additions: Additions): Operation[] {
  const { env, mounts } = missing(container, additions);
  return [
    ...append(`${path}/env`, container.env, env),
    ...append(`${path}/volumeMounts`, container.volumeMounts, mounts),
  ];
}

/** The same as a new container. */
export function withAdditions(container: V1Container, additions: Additions): V1Container {
  const { env, mounts } = missing(container, additions);
  return {
    ...container,
    env: [...(container.env ?? []), ...env],
    volumeMounts: [...(container.volumeMounts ?? []), ...mounts],
  };
}

function missing(container: V1Container, { env, mounts }: Additions): Additions {
  const hasMount = (mount: V1VolumeMount) =>
    container.volumeMounts?.some(({ name, mountPath }) => name === mount.name || mountPath === mount.mountPath);
  return {
    env: env.filter(({ name }) => !container.env?.some((own) => own.name === name)),
    mounts: mounts.filter((mount) => !hasMount(mount)),
  };
}

const encrypted: Readonly<Record<string, string>> = { http: 'https', grpc: 'grpcs' };

/** Empty for a protocol that nobody knows. */
function appProtocol(values: AnnotationValues): string {
  const protocol = values['app-protocol'].toLowerCase() || 'http';
  if (!['http', 'https', 'h2c', 'grpc', 'grpcs'].includes(protocol)) return '';
  return (values['app-ssl'] ? encrypted[protocol] : undefined) ?? protocol;
}
