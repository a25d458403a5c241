import { lookup } from 'node:dns/promises';
import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import { hostPort, type NameQuery, type NameResolver } from '#contracts/names.ts';
import { text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { unseen } from '#kit/errors/unseen.ts';

/** How long an answer of the cluster's DNS is used, in ms: short, since pods come and go. */
const freshMs = 3_000;

type Lookup = (host: string) => Promise<readonly { address: string }[]>;

const allAddresses: Lookup = (host) => lookup(host, { all: true });

export const component = defineComponent({
  type: 'nameresolution.kubernetes',
  versions: ['v1'],
  title: 'Kubernetes DNS',
  description: 'Finds apps by the headless Service that the operator makes for each: `<app-id>-dapr.<namespace>`.',
  settings: z.object({
    clusterDomain: text('Domain of the cluster').default('cluster.local'),
    template: text(
      'Name and port in place of the usual ones; may hold {{.ID}}, {{.Namespace}}, {{.Port}} and {{.Data.region}}',
    ).optional(),
  }),
  open: async (settings) => createKubernetesNames(settings, allAddresses, Date.now),
});

/** Built over a look-up and a clock, for tests. */
export function createKubernetesNames(
  settings: { clusterDomain: string; template?: string | undefined },
  find: Lookup,
  now: () => number,
): NameResolver {
  const known = new Map<string, { addresses: readonly string[]; until: number }>();
  return {
    async resolve(query) {
      const name =
        settings.template === undefined ? serviceName(query, settings.clusterDomain) : fill(settings.template, query);
      const cached = known.get(name);
      if (cached !== undefined && cached.until > now()) return cached.addresses;
      const addresses = await addressesOf(name, find, query.appId);
      known.set(name, { addresses, until: now() + freshMs });
      return addresses;
    },
    async [Symbol.asyncDispose]() {
      known.clear();
    },
  };
}

function serviceName({ appId, namespace, port }: NameQuery, domain: string): string {
  return `${appId}-dapr.${namespace}.svc.${domain}:${port}`;
}

function fill(template: string, query: NameQuery): string {
  const values: Readonly<Record<string, string>> = {
    ID: query.appId,
    Namespace: query.namespace,
    Port: String(query.port),
  };
  return template.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (_, name: string) => values[name] ?? '');
}

async function addressesOf(name: string, find: Lookup, appId: string): Promise<readonly string[]> {
  const colon = name.lastIndexOf(':');
  const [host, port] = [name.slice(0, colon), Number(name.slice(colon + 1))];
  const found = await find(host).catch((cause: NodeJS.ErrnoException) => {
    throw unknown(appId, `${host}: ${cause.code ?? cause.message}`, cause);
  });
  if (found.length === 0) throw unknown(appId, `${host} has no address`);
  return found.map(({ address }) => hostPort(address, port));
}

/**
 * The cluster's DNS knows an app a moment after its Service is made, and forgets it while no pod is ready: as with a peer
 * that cannot be reached, it is worth trying again. Dapr leaves the look-up to the connection, with the same outcome.
 */
const unknown = (appId: string, why: string, cause?: Error) =>
  unseen(fault('unavailable', `couldn't find service: ${appId} (${why})`, cause === undefined ? {} : { cause }));
