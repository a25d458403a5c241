import type { V1SecurityContext } from '@kubernetes/client-node';
import type { Settings } from './settings.ts';

/**
 * What the restricted Pod Security Standard demands, and a root filesystem nobody writes to, unless the injector is
 * configured otherwise.
 */
export function securityContext(security: Settings['security'], seccompProfileType: string): V1SecurityContext {
  return {
    allowPrivilegeEscalation: false,
    runAsNonRoot: security.runAsNonRoot,
    ...(security.runAsUser === undefined ? {} : { runAsUser: security.runAsUser }),
    ...(security.runAsGroup === undefined ? {} : { runAsGroup: security.runAsGroup }),
    readOnlyRootFilesystem: security.readOnlyRootFilesystem,
    ...(seccompProfileType === '' ? {} : { seccompProfile: { type: seccompProfileType } }),
    ...(security.dropAllCapabilities ? { capabilities: { drop: ['ALL'] } } : {}),
  };
}

/**
 * On Windows, certificates named by SSL_CERT_DIR are installed by an administrator, who may write. Whether the pod
 * will run there is not known at admission.
 */
export function mayInstallCertificates(context: V1SecurityContext): V1SecurityContext {
  const { runAsUser: _user, runAsGroup: _group, ...rest } = context;
  return {
    ...rest,
    runAsNonRoot: false,
    readOnlyRootFilesystem: false,
    windowsOptions: { runAsUserName: 'ContainerAdministrator' },
  };
}
