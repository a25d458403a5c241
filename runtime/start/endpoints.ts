import { type HTTPEndpoint, httpEndpoint } from '#crds/http-endpoint.ts';
import { fault, toFault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import { secretKind } from '../blocks/secrets/kind.ts';
import type { ChannelWatch } from '../channel/watched.ts';
import type { RuntimeConfig } from '../config.ts';
import { createEndpoints, type EndpointSettings, type Endpoints } from '../invoke/endpoints.ts';
import type { Registry } from '../registry.ts';
import { resolveSettings, type SettingsWorld } from '../resources/settings.ts';
import { inScope, type ResourceSource } from '../resources/source.ts';

export type EndpointsStart = {
  config: Pick<RuntimeConfig, 'appId' | 'namespace' | 'podName' | 'env' | 'mode'>;
  source: ResourceSource;
  registry: Registry;
  log: Logger;
  signal: AbortSignal;
  /** Told of their calls; undefined when metrics are off. */
  watch?: ChannelWatch | undefined;
};

/** The HTTPEndpoints that are meant for the app. */
export async function startEndpoints(start: EndpointsStart): Promise<Endpoints> {
  return createEndpoints(await endpointSettings(start, await start.source.list(httpEndpoint)), start.watch);
}

/** Throws `invalid-config` for an HTTPEndpoint that cannot be called, its secrets among the reasons. */
export async function checkEndpoint(start: Omit<EndpointsStart, 'source'>, resource: HTTPEndpoint): Promise<void> {
  const { baseUrl } = resource.spec;
  if (!/^https?:\/\//i.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw fault('invalid-config', `baseUrl: "${baseUrl}" is not a URL of http or https`);
  }
  if (inScope(resource, start.config.appId)) await settingsOf(resource, worldOf(start), start.signal);
}

/** Those of a list that are meant for the app, secrets filled in. One that cannot be read is logged and left out. */
export async function endpointSettings(
  start: Omit<EndpointsStart, 'source'>,
  resources: readonly HTTPEndpoint[],
): Promise<EndpointSettings[]> {
  const { config, log, signal } = start;
  const world = worldOf(start);
  const settings: EndpointSettings[] = [];
  for (const resource of resources) {
    if (!inScope(resource, config.appId)) continue;
    try {
      settings.push(await settingsOf(resource, world, signal));
      log.info(`HTTP endpoint loaded: ${resource.metadata.name}`);
    } catch (thrown) {
      log.error(`Could not read HTTPEndpoint ${resource.metadata.name}: ${toFault(thrown).message}`);
    }
  }
  return settings;
}

function worldOf({ config, registry, log }: Omit<EndpointsStart, 'source'>): SettingsWorld {
  const { appId, namespace, podName, env, mode } = config;
  const secretStore = (name: string) => registry.of(secretKind).get(name)?.component.store;
  return { appId, namespace, podName, env, operatorResolves: mode === 'kubernetes', secretStore, log };
}

async function settingsOf(
  resource: HTTPEndpoint,
  world: SettingsWorld,
  signal: AbortSignal,
): Promise<EndpointSettings> {
  const { baseUrl, headers, clientTLS } = resource.spec;
  const { name, namespace } = resource.metadata;
  const owner = { kind: 'HTTPEndpoint', name, namespace, secretStore: resource.auth?.secretStore ?? '' };
  const given = await resolveSettings(headers, owner, world, signal);
  const pems = tlsFields.flatMap(([pemName, field]) => {
    const pem = clientTLS?.[field];
    return pem === undefined ? [] : [{ ...pem, name: pemName }];
  });
  const tls = await resolveSettings(pems as typeof headers, owner, world, signal);
  const unread = [
    ...Object.entries(given.unread).map(([header, problem]) => `headers ${header}: ${problem}`),
    ...tlsFields.filter(([pem]) => pem in tls.unread).map(([pem, field]) => `clientTLS.${field}: ${tls.unread[pem]}`),
  ];
  // Without them it would be called as nobody, or by other certificates than those that it is to be known by.
  if (unread.length > 0) throw fault('invalid-config', unread.join('; '));
  return { name, baseUrl, headers: given.values, tls: tls.values };
}

const tlsFields = [
  ['ca', 'rootCA'],
  ['cert', 'certificate'],
  ['key', 'privateKey'],
] as const;
