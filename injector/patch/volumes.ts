import type { V1Pod, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import type { AnnotationValues } from './annotations.ts';

const apiSockets = 'dapr-unix-domain-socket';
const token = 'dapr-identity-token';

/** Where the sidecar has its API sockets; the app sees them where its annotation says. */
export const apiSocketsFolder = '/var/run/dapr-sockets';

/** Volume of the sockets between the sidecar and component containers. */
export const componentSockets = 'dapr-components-unix-domain-socket';

/** The only folder that the sidecar may write to: its root is read-only. */
export const temporaryFolder = '/var/run/outrigger';

/** A volume to add to the pod, and where it is mounted. */
export type Mounted = { volume: V1Volume; sidecar: V1VolumeMount; app?: V1VolumeMount };

/** The sockets of the APIs, in memory, mounted in the app too. */
export function apiSocketsVolume(folderInApp: string): Mounted {
  return {
    volume: { name: apiSockets, emptyDir: { medium: 'Memory' } },
    sidecar: { name: apiSockets, mountPath: apiSocketsFolder },
    app: { name: apiSockets, mountPath: folderInApp },
  };
}

/** Where processes that the sidecar starts for components have their sockets. */
export const temporaryVolume: Mounted = {
  volume: { name: 'outrigger-temporary', emptyDir: {} },
  sidecar: { name: 'outrigger-temporary', mountPath: temporaryFolder },
};

/** A token that proves to sentry which pod asks. */
export function tokenVolume(audience: string): Mounted {
  const serviceAccountToken = { audience, expirationSeconds: 7_200, path: 'token' };
  return {
    volume: { name: token, projected: { defaultMode: 0o644, sources: [{ serviceAccountToken }] } },
    sidecar: { name: token, mountPath: '/var/run/secrets/dapr.io/sentrytoken', readOnly: true },
  };
}

/** Mounts that the pod's annotations ask for; volumes that the pod does not have come back as warnings. */
export function annotatedMounts(
  pod: V1Pod,
  values: Pick<AnnotationValues, 'volume-mounts' | 'volume-mounts-rw'>,
): { mounts: V1VolumeMount[]; warnings: string[] } {
  const asked = [...parseMounts(values['volume-mounts'], true), ...parseMounts(values['volume-mounts-rw'], false)];
  const has = (name: string) => pod.spec?.volumes?.some((volume) => volume.name === name) === true;
  return {
    mounts: asked.filter(({ name }) => has(name)),
    warnings: asked
      .filter(({ name }) => !has(name))
      .map(({ name }) => `annotation dapr.io/volume-mounts: the pod has no volume "${name}"`),
  };
}

function parseMounts(text: string, readOnly: boolean): V1VolumeMount[] {
  return text
    .split(',')
    .map((part) => part.trim().split(':'))
    .filter((words) => words.length === 2)
    .map(([name = '', mountPath = '']) => ({ name, mountPath, ...(readOnly ? { readOnly } : {}) }));
}
