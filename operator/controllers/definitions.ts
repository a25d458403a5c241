import { type Definition, definition, releaseAnnotation } from '#crds/definition.ts';
import { kinds } from '#crds/kinds.ts';
import { Fault, toFault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { resources } from '#kit/kube/resource.ts';
import type { Logger } from '#kit/log/logger.ts';
import { version } from '#kit/version.ts';

type Client = Pick<KubeClient, 'get' | 'patch'>;

/**
 * Brings CustomResourceDefinitions of an older release of ours up to this one, as Helm never changes those that are
 * there. Others' and newer ones are left alone. Failures are logged: the older schemas go on working.
 */
export async function upgradeDefinitions(client: Client, log: Logger, release = version): Promise<void> {
  for (const kind of kinds) {
    const wanted = definition(kind);
    try {
      await upgrade(client, wanted, release, log);
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.key === 'not-found') continue;
      log.warn(`CustomResourceDefinition ${wanted.metadata.name} stays as it is: ${toFault(thrown).message}`);
    }
  }
}

async function upgrade(client: Client, wanted: Definition, release: string, log: Logger): Promise<void> {
  const { name, labels } = wanted.metadata;
  const found = await client.get(resources.customResourceDefinitions, { name });
  const installed = found.metadata.annotations?.[releaseAnnotation];
  if (installed === undefined || !isOlder(installed, release)) return;
  const { names, versions } = wanted.spec;
  const body = { metadata: { labels, annotations: { [releaseAnnotation]: release } }, spec: { names, versions } };
  await client.patch(resources.customResourceDefinitions, { name }, { type: 'merge', body });
  log.info(`CustomResourceDefinition ${name} is brought from ${installed} to ${release}`);
}

/** Whether a release comes before another, by its three numbers. */
export function isOlder(one: string, other: string): boolean {
  const [a, b] = [numbers(one), numbers(other)];
  const index = a.findIndex((part, at) => part !== b[at]);
  return index >= 0 && a[index]! < (b[index] ?? 0);
}

const numbers = (release: string): number[] => release.split(/[.-]/, 3).map((part) => Number.parseInt(part, 10) || 0);
