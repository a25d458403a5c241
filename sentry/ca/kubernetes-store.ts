import path from 'node:path';
import { Fault, toFault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { resources } from '#kit/kube/resource.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { CredentialFiles } from '../config.ts';
import type { CredentialStore, Material } from './material.ts';

/** Name of the Secret and of the ConfigMap; both are made by the chart. */
export const trustBundleName = 'dapr-trust-bundle';

type WithData = KubeObject & { data?: Record<string, string> | null };

const secretItems = ['anchors', 'chain', 'key', 'jwtKey', 'jwks'] as const;

/**
 * Credentials in a Secret, with anchors and key set published in a ConfigMap. The Secret decides: the ConfigMap is made
 * to agree with it. Items that are blank count as missing, as
 * the chart renders them for sentry to fill. Writes carry the resourceVersion read, so of two that start at once one gets `conflict`.
 */
export function kubernetesStore(
  client: Pick<KubeClient, 'get' | 'update'>,
  namespace: string,
  files: CredentialFiles,
  log: Logger,
): CredentialStore {
  const at = { namespace, name: trustBundleName };
  const keys = Object.fromEntries(secretItems.map((item) => [item, path.basename(files[item])])) as Record<
    keyof Material,
    string
  >;
  let secret: WithData | undefined;
  const itemOf = (item: keyof Material) => {
    const encoded = secret?.data?.[keys[item]];
    const text = Buffer.from(encoded ?? '', 'base64').toString();
    return text.trim() === '' ? undefined : text;
  };
  return {
    names: Object.fromEntries(
      secretItems.map((item) => [item, `${keys[item]} of Secret ${namespace}/${trustBundleName}`]),
    ) as Record<keyof Material, string>,
    async load() {
      secret = await client.get<WithData>(resources.secrets, at);
      return Object.fromEntries(secretItems.map((item) => [item, itemOf(item)])) as Material;
    },
    async add(missing) {
      const added = Object.entries(missing)
        .filter(([, text]) => text !== undefined)
        .map(([item, text]) => [keys[item as keyof Material], Buffer.from(text!).toString('base64')]);
      const held = secret!;
      secret = await client.update<WithData>(resources.secrets, {
        ...held,
        metadata: { name: trustBundleName, namespace, ...held.metadata },
        data: { ...held.data, ...Object.fromEntries(added) },
      });
    },
    async publish() {
      try {
        const map = await client.get<WithData>(resources.configMaps, at);
        const wanted = { [keys.anchors]: itemOf('anchors'), [keys.jwks]: itemOf('jwks') };
        const differing = Object.entries(wanted).filter(
          ([key, text]) => text !== undefined && map.data?.[key] !== text,
        );
        if (differing.length === 0) return;
        await client.update<WithData>(resources.configMaps, {
          ...map,
          metadata: { name: trustBundleName, namespace, ...map.metadata },
          data: { ...map.data, ...Object.fromEntries(differing) } as Record<string, string>,
        });
        log.info(
          `Published ${differing.map(([key]) => key).join(' and ')} in ConfigMap ${namespace}/${trustBundleName}`,
        );
      } catch (thrown) {
        if (thrown instanceof Fault && thrown.key === 'conflict') throw thrown;
        log.error(
          `Trust anchors cannot be published in ConfigMap ${namespace}/${trustBundleName}: ${toFault(thrown).message}`,
        );
      }
    },
  };
}
