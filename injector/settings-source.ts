import type { KubeClient } from '#kit/kube/client.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { formatSpiffeId } from '#kit/pki/spiffe.ts';
import type { Security } from '#kit/security/security.ts';
import { componentsWithContainers } from './cluster/components.ts';
import { mtlsSetting } from './cluster/mtls.ts';
import type { InjectorConfig } from './config.ts';
import type { Settings } from './patch/settings.ts';

export type SettingsSourceOptions = {
  config: InjectorConfig;
  client: KubeClient;
  security: Pick<Security, 'trustAnchors'>;
  clusterDomain: string;
  nativeSidecars: boolean;
  identityToken: boolean;
  log: Logger;
};

/** What holds for a pod of a namespace at the moment it is admitted. Rejects when its Components cannot be listed. */
export function settingsSource(options: SettingsSourceOptions): (namespace: string) => Promise<Settings> {
  const { config, client, security, clusterDomain, log } = options;
  const at = (service: string) => {
    const [name, port] = service.split(':');
    return `${name}.${config.namespace}.svc.${clusterDomain}:${port}`;
  };
  const { namespace: controlPlane, trustDomain, actors, reminders } = config;
  const fixed = {
    ...config.sidecar,
    controlPlane: { namespace: controlPlane, trustDomain },
    clusterDomain,
    sentryId: formatSpiffeId({ trustDomain, namespace: controlPlane, appId: 'dapr-sentry' }),
    identityToken: options.identityToken,
    nativeSidecars: options.nativeSidecars,
    actors: actors && actorsArgument(actors.name, at(actors.service)),
    remindersService: reminders && `${reminders.name}:${at(reminders.service)}`,
  };
  const isMtlsOn = mtlsSetting(client, controlPlane, log, systemClock);
  return async (namespace) => {
    const [components, mtls] = await Promise.all([componentsWithContainers(client, namespace), isMtlsOn()]);
    return { ...fixed, namespace, trustAnchors: security.trustAnchors(), components, mtls };
  };
}

/** Placement has an argument of its own; others go by name. */
const actorsArgument = (name: string, address: string): Settings['actors'] =>
  name === 'placement' ? { placementAddress: address } : { service: `${name}:${address}` };
