import type { NameInstance, NameResolver } from '#contracts/names.ts';
import { toFault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import { vaultsOf } from '../blocks/crypto/kind.ts';
import { operations, type Services } from '../blocks/index.ts';
import { extendedMetadata } from '../blocks/metadata/extended.ts';
import { componentFacts, ownFacts } from '../blocks/metadata/facts.ts';
import { secretAccess } from '../blocks/secrets/access.ts';
import type { Page } from '../doors/http/page.ts';
import { stablePort } from '../internal-port.ts';
import type { Policies } from '../policy/guards.ts';
import type { Registry } from '../registry.ts';
import type { Stopping } from '../shutdown.ts';
import { componentStage } from '../stages/component.ts';
import type { Calls } from './calls.ts';
import { type Drainable, startDoors } from './doors.ts';
import type { Foundation } from './foundation.ts';
import type { Inputs } from './inputs.ts';
import { startInternalServer } from './internal.ts';
import type { Pipelines } from './pipelines.ts';

export type ServersStart = {
  base: Foundation;
  policies: Policies;
  registry: Registry;
  pipelines: Pipelines;
  calls: Calls;
  inputs: Inputs;
  healthPages: readonly Page[];
  ending: Stopping;
};

/** Opens the two doors of the API and the one for other sidecars, and makes this sidecar known to them. */
export async function startServers(start: ServersStart): Promise<Drainable[]> {
  const { base, registry, pipelines, calls, inputs } = start;
  const { config, resources, metrics, tracing, log, stack } = base;
  const { invocation } = calls;
  const doors = await startDoors({
    ...{ config, configuration: resources.configuration, log, stack },
    operations: operations(services(start)),
    stages: [componentStage(registry, config.appId)],
    healthPages: start.healthPages,
    pages: [invocation.page, ...inputs.items.pages],
    fallback: invocation.page,
    handlers: invocation.handlers,
    proxy: invocation.proxy,
    pipeline: pipelines.server,
    watch: metrics?.watch ?? {},
    tracing: base.traces ? tracing : undefined,
  });
  const internal = await startInternalServer(config, {
    ...{ log, stack },
    services: [invocation.internal],
    proxy: invocation.proxy,
    direct: invocation.direct,
    tls: calls.peerSecurity?.serverTls(),
    wantedPort: stablePort(config.appId, config.hostAddress ?? ''),
  });
  const self = {
    appId: config.appId,
    namespace: config.namespace,
    address: reachable(config.api.internalAddress) ?? calls.hostAddress,
    port: internal.port,
    appPort: config.app.port,
    httpPort: config.api.httpPort,
  };
  await announce(calls.names, self, log);
  return [...doors, internal.server];
}

function services({ base, policies, registry, calls, inputs, ending }: ServersStart): Services {
  const { config, resources, features, tracing, log } = base;
  return {
    appId: config.appId,
    publisher: inputs.publisher,
    streams: inputs.subscriptions.streams,
    outbox: inputs.subscriptions.outbox,
    configurationSubscriptions: inputs.items.subscriptions,
    findVault: vaultsOf(registry),
    metadata: [
      ownFacts(config.appId, config.app, features),
      componentFacts(registry),
      inputs.subscriptions.facts,
      () => ({ httpEndpoints: calls.endpoints.names().map((name) => ({ name })) }),
      () => ({ resiliencies: policies.names.map((name) => ({ name })) }),
    ],
    extended: extendedMetadata(),
    secretAccess: secretAccess(resources.configuration.spec.secrets?.scopes ?? []),
    tracing,
    ending,
    log,
  };
}

/** A listen address at which others reach this sidecar; undefined for one that stands for all. */
const reachable = (listen: string) => (['', '0.0.0.0', '::'].includes(listen) ? undefined : listen);

/** A failure is logged only, as calls from here still work. */
async function announce(names: NameResolver | undefined, self: NameInstance, log: Logger): Promise<void> {
  try {
    await names?.announce?.(self);
  } catch (thrown) {
    log.error(`Failed to announce ${self.appId} to other sidecars: ${toFault(thrown).message}`);
  }
}
