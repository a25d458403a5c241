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
  config: RuntimeConfig;
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

/** Throws `invalid-config` for an HTTPEndpoint that cannot be called. */
export function checkEndpoint({ spec: { baseUrl } }: HTTPEndpoint): void {
  if (!/^https?:\/\//i.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw fault('invalid-config', `baseUrl: "${baseUrl}" is not a URL of http or https`);
  }
}

/** Those of a list that are meant for the app, secrets filled in. One that cannot be read is logged and left out. */
export async function endpointSettings(
  start: Omit<EndpointsStart, 'source'>,
  resources: readonly HTTPEndpoint[],
): Promise<EndpointSettings[]> {
  const { config, registry, log, signal } = start;
  const { appId, namespace, podName, env, mode } = config;
  const secretStore = (name: string) => registry.of(secretKind).get(name)?.component.store;
  const world: SettingsWorld = {
    appId,
    namespace,
    podName,
    env,
    operatorResolves: mode === 'kubernetes',
    secretStore,
    log,
  };
  const settings: EndpointSettings[] = [];
  for (const resource of resources) {
    if (!inScope(resource, appId)) continue;
    try {
      settings.push(await settingsOf(resource, world, signal));
      log.info(`HTTP endpoint loaded: ${resource.metadata.name}`);
    } catch (thrown) {
      log.error(`Could not read HTTPEndpoint ${resource.metadata.name}: ${toFault(thrown).message}`);
    }
  }
  return settings;
}

async function settingsOf(
  resource: HTTPEndpoint,
  world: SettingsWorld,
  signal: AbortSignal,
): Promise<EndpointSettings> {
  const { baseUrl, headers, clientTLS } = resource.spec;
  const { name, namespace } = resource.metadata;
  const owner = { kind: 'HTTPEndpoint', name, namespace, secretStore: resource.auth?.secretStore ?? '' };
  const { values } = await resolveSettings(headers, owner, world, signal);
  const pems = Object.entries({
    ca: clientTLS?.rootCA,
    cert: clientTLS?.certificate,
    key: clientTLS?.privateKey,
  }).flatMap(([pemName, pem]) => (pem === undefined ? [] : [{ ...pem, name: pemName }]));
  const { values: tls } = await resolveSettings(pems as typeof headers, owner, world, signal);
  return { name, baseUrl, headers: values, tls };
}
