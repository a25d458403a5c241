import { z } from 'zod';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { hostPort, type NameInstance, type NameResolver } from '#contracts/names.ts';
import { text, truth } from '#contracts/settings.ts';
import { fault, toFault } from '#kit/errors/fault.ts';
import { type ConsulAgent, lowered, openConsul } from '../clients/consul.ts';

const json = (about: string) => text(`${about} As JSON or YAML.`).transform((value): unknown => JSON.parse(value));

export const component = defineComponent({
  type: 'nameresolution.consul',
  versions: ['v1'],
  title: 'Consul',
  description: 'Finds apps in the catalogue of a Consul agent, where sidecars may register themselves.',
  settings: z.object({
    client: json('How the agent is reached: address, scheme, token, tokenFile, httpAuth, tlsConfig.').optional(),
    queryOptions: json('Options of look-ups: datacenter, filter, near, allowStale, useCache and others.').optional(),
    selfRegister: truth('Register this sidecar when it starts.').default(false),
    selfDeregister: truth('Take it out again when it ends.').default(false),
    checks: json('Health checks to register; by default one of the sidecar’s own health.').optional(),
    tags: json('Tags to register.').optional(),
    meta: json('Further metadata to register.').optional(),
    advancedRegistration: json('The whole registration, in place of the four above.').optional(),
    daprPortMetaKey: text('Metadata that holds the port for calls between sidecars.').default('DAPR_PORT'),
    useCache: truth('Remember what was found, kept current by blocking queries.').default(false),
  }),
  open: async (settings, context) => createConsulNames(await openConsul(lowered(settings.client)), settings, context),
});

type Settings = {
  queryOptions?: unknown;
  selfRegister: boolean;
  selfDeregister: boolean;
  checks?: unknown;
  tags?: unknown;
  meta?: unknown;
  advancedRegistration?: unknown;
  daprPortMetaKey: string;
  useCache: boolean;
};

/** An entry of `/v1/health/service`, as far as it is read. */
type Entry = { Service?: { Address?: string; Meta?: Record<string, string> }; Node?: { Address?: string } };

/** Built over an agent, which it owns. */
export function createConsulNames(
  agent: ConsulAgent,
  settings: Settings,
  { log, signal }: Pick<OpenContext, 'log' | 'signal'>,
): NameResolver {
  const stop = new AbortController();
  const lifetime = AbortSignal.any([signal, stop.signal]);
  const options = queryText(lowered(settings.queryOptions));
  const found = new Map<string, readonly string[]>();
  const registered: string[] = [];

  const look = async (appId: string, index: string) => {
    const path = `/v1/health/service/${encodeURIComponent(appId)}?passing=true${options}${index && `&index=${index}`}`;
    const answer = await agent.ask('GET', path, undefined, lifetime);
    return { addresses: addressesOf(answer.body as Entry[], settings.daprPortMetaKey), index: answer.index };
  };
  const keepCurrent = async (appId: string, from: string): Promise<void> => {
    try {
      for (let index = from; index !== ''; ) {
        const next = await look(appId, index);
        if (next.addresses.length === 0) break;
        found.set(appId, next.addresses);
        index = next.index;
      }
    } catch (thrown) {
      if (!lifetime.aborted) log.warn(`nameresolution.consul: watching ${appId} ended: ${toFault(thrown).message}`);
    } finally {
      found.delete(appId);
    }
  };
  return {
    async announce(self) {
      const registration = registrationOf(self, settings);
      if (registration === undefined) return;
      await agent.ask('PUT', '/v1/agent/service/register', registration, lifetime);
      registered.push(String(registration['ID'] ?? registration['Name']));
      log.info(`service:${String(registration['Name'])} registered on consul agent`);
    },
    async resolve({ appId }) {
      const known = found.get(appId);
      if (known !== undefined) return known;
      const { addresses, index } = await look(appId, '');
      if (addresses.length === 0)
        throw fault(
          'app-not-found',
          `couldn't find service: ${appId} (no healthy services found with AppID '${appId}')`,
        );
      if (settings.useCache && !found.has(appId)) {
        found.set(appId, addresses);
        void keepCurrent(appId, index);
      }
      return addresses;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      if (settings.selfDeregister) {
        const ends = AbortSignal.timeout(2_000);
        const leave = (id: string) =>
          agent.ask('PUT', `/v1/agent/service/deregister/${encodeURIComponent(id)}`, undefined, ends);
        await Promise.allSettled(registered.map(leave));
      }
      await agent[Symbol.asyncDispose]();
    },
  };
}

/** Options of a look-up as the agent's API names them. */
function queryText(options: Readonly<Record<string, unknown>>): string {
  const texts = { dc: 'datacenter', ns: 'namespace', near: 'near', filter: 'filter' };
  const flags = { stale: 'allowstale', consistent: 'requireconsistent', cached: 'usecache' };
  const query = new URLSearchParams();
  for (const [name, option] of Object.entries(texts)) if (options[option]) query.set(name, String(options[option]));
  for (const [name, option] of Object.entries(flags)) if (options[option] === true) query.set(name, 'true');
  const all = query.toString();
  return all && `&${all}`;
}

function addressesOf(entries: readonly Entry[], portKey: string): string[] {
  return entries.flatMap(({ Service, Node }) => {
    const port = Number(Service?.Meta?.[portKey]);
    const host = Service?.Address || Node?.Address;
    return host && port > 0 ? [hostPort(host, port)] : [];
  });
}

/** What is registered; undefined where that is left to others. */
function registrationOf(self: NameInstance, settings: Settings): Record<string, unknown> | undefined {
  const port = { [settings.daprPortMetaKey]: String(self.port) };
  if (settings.advancedRegistration !== undefined) {
    const { Meta, meta = Meta, ...rest } = settings.advancedRegistration as Record<string, object>;
    const { name, id } = lowered(rest);
    return { ...rest, Name: name, ...(id !== undefined && { ID: id }), Meta: { ...meta, ...port } };
  }
  if (!settings.selfRegister) return undefined;
  const { appId, address, httpPort = 0, appPort = 0 } = self;
  const id = `${appId}-${address}-${httpPort}`;
  const health = `http://${hostPort(address, httpPort)}/v1.0/healthz?appid=${appId}`;
  const own = { Name: 'Dapr Health Status', CheckID: `daprHealth:${id}`, Interval: '15s', HTTP: health };
  return {
    ...{ ID: id, Name: appId, Address: address, Port: appPort },
    Checks: settings.checks ?? [own],
    Tags: settings.tags ?? [],
    Meta: { ...(settings.meta as object | undefined), ...port },
  };
}
