import { hostname } from 'node:os';
import type { NameInstance, NameResolver } from '#contracts/names.ts';
import { toFault } from '#kit/errors/fault.ts';
import { healthTargets } from '#kit/health/targets.ts';
import type { Running } from '#kit/lifecycle/binary.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { formatDuration } from '#kit/values/duration.ts';
import { daprVersion, version } from '#kit/version.ts';
import { vaultsOf } from './blocks/crypto/kind.ts';
import { operations } from './blocks/index.ts';
import { extendedMetadata } from './blocks/metadata/extended.ts';
import { componentFacts, ownFacts } from './blocks/metadata/facts.ts';
import { createPublisher } from './blocks/pubsub/publisher.ts';
import { secretAccess } from './blocks/secrets/access.ts';
import type { RuntimeConfig } from './config.ts';
import { healthPages } from './health/pages.ts';
import { waitUntilOutboundReady } from './health/wait.ts';
import { stablePort } from './internal-port.ts';
import { loadPolicies } from './policy/guards.ts';
import { enabledFeatures } from './resources/configuration.ts';
import { awaitStop, block, drainWithin, type Stopping } from './shutdown.ts';
import { componentStage } from './stages/component.ts';
import { startAccess } from './start/access.ts';
import { type App, startApp } from './start/app-channel.ts';
import { readAppConfig } from './start/app-config.ts';
import { startBindings } from './start/bindings.ts';
import { startComponents } from './start/components.ts';
import { startConfiguration } from './start/configuration.ts';
import { type Drainable, startDoors } from './start/doors.ts';
import { startEndpoints } from './start/endpoints.ts';
import { hotReloadFeature, startHotReload } from './start/hot-reload.ts';
import { startInternalServer } from './start/internal.ts';
import { startInvocation } from './start/invocation.ts';
import { openMetrics } from './start/metrics.ts';
import { startNames } from './start/names.ts';
import { ownAddress } from './start/own-address.ts';
import { startPipelines } from './start/pipelines.ts';
import { startProfiling } from './start/profiling.ts';
import { startResources } from './start/resources.ts';
import { startSecurity } from './start/security.ts';
import { startSubscriptions } from './start/subscriptions.ts';
import { startTracing } from './start/tracing.ts';
import { identityMetrics } from './telemetry/identity-metrics.ts';
import { pubsubMetrics } from './telemetry/pubsub-metrics.ts';

/**
 * Runs the sidecar until its signal fires or it is told to stop; resolves when all is drained. SIGHUP, and a changed
 * Configuration, have it start again within the process.
 */
export async function runSidecar(config: RuntimeConfig, running: Running): Promise<void> {
  const { log, signal } = running;
  if (config.task === 'wait') return waitUntilOutboundReady(config.api.httpPort, signal);
  while (await runOnce(config, running)) log.info('Daprd starts again with what has changed');
  log.info('Daprd shutdown gracefully');
}

/** Runs it to its end; says whether it shall start again. */
async function runOnce(config: RuntimeConfig, running: Running): Promise<boolean> {
  const { log, signal } = running;
  log.info(`Starting Dapr Runtime -- version ${daprVersion} -- commit outrigger-${version}`);
  log.info(`Log level set to: ${config.log.level}`);
  const ending = awaitStop(running);
  running.onHangup?.(() => {
    log.info("Received signal 'hangup'; starting again");
    ending.reload();
  });
  const stack = new AsyncDisposableStack();
  try {
    const starting = start(config, { log, signal, stack, ending });
    const started = await Promise.race([starting, ending.stopped]);
    if (started !== undefined) await serve(started, config, ending, log);
    else starting.catch((thrown) => log.debug(`Starting was cut short: ${toFault(thrown).message}`));
    log.info('Dapr is shutting down');
    await drainWithin(config.graceMs, async () => {
      await started?.inputs.stop();
      await Promise.all((started?.servers ?? []).map((server) => server.drain(config.graceMs || longestDrainMs)));
      await stack.disposeAsync();
    });
  } finally {
    await stack.disposeAsync();
  }
  return ending.isReloading();
}

/** Serves until told to stop, and on through the block phase. */
async function serve(started: Started, config: RuntimeConfig, ending: Stopping, log: Logger): Promise<void> {
  await ending.stopped;
  // No new work comes in while the APIs serve on.
  void started.inputs.stop();
  if (ending.isReloading()) return;
  await block(config.blockShutdownMs, formatDuration(config.blockShutdownMs ?? 0), started.appUnhealthy, log);
}

const longestDrainMs = 2_147_483_647;

type Started = { servers: readonly Drainable[]; appUnhealthy: Promise<void>; inputs: { stop(): Promise<void> } };

type StartContext = {
  log: Logger;
  signal: AbortSignal;
  stack: AsyncDisposableStack;
  ending: Stopping;
};

/** Brings the sidecar up, in Dapr's order: identity, components, gRPC, HTTP, calls from others, then the app. */
async function start(config: RuntimeConfig, { log, signal, stack, ending }: StartContext): Promise<Started> {
  const began = performance.now();
  const lifetime = new AbortController();
  stack.defer(() => lifetime.abort());
  const scope = { log, signal: lifetime.signal, stack };
  const health = { all: healthTargets(), outbound: healthTargets() };
  const runtimeReady = health.all.add('dapr-runtime');
  const outboundReady = health.outbound.add('dapr-outbound');
  const security = await startSecurity(config, { targets: health.all, log, signal });

  log.info(`${config.mode} mode configured`);
  log.info(`app id: ${config.appId}`);
  const resources = await startResources({ config, security, ...scope });
  const { source, configuration, report, reported } = resources;
  const features = enabledFeatures(configuration);
  log.info(`Enabled features: ${features.join(' ')}`);
  const metrics = await openMetrics(config, configuration, health.all, stack, log);
  if (metrics && security) identityMetrics(metrics.registry, config.appId, security);
  await startProfiling(config, { log, stack });
  const { tracing, active } = await startTracing({ config, configuration, log, stack });

  const policies = await loadPolicies(source, config.appId, log, metrics?.registry);
  const loading = startComponents({ config, configuration, source, policies, metrics, report, ...scope });
  // The reason must be told before it ends the process.
  const components = await loading.catch((thrown) => reported().then(() => Promise.reject(thrown)));
  const { registry, sockets } = components;

  const pipelines = startPipelines(configuration, registry, log);
  const app = await startApp({
    ...{ app: config.app, maxBodyBytes: config.api.maxBodyBytes, pipeline: pipelines.app, clock: systemClock },
    metrics: metrics?.outgoing,
    ...scope,
  });
  const names = await startNames({ config, configuration, sockets, ...scope });
  const endpoints = await startEndpoints({ config, source, registry, ...scope });
  const hostAddress = config.hostAddress ?? ownAddress();
  // In Kubernetes there is an identity for the control plane even where sidecars talk to each other in plain text.
  const peerSecurity = config.controlPlane.mtls ? security : undefined;
  const invocation = startInvocation({
    ...{ config, hostAddress, hostName: hostname(), app, names, endpoints, policies, security: peerSecurity, ...scope },
    authorize: startAccess(config, configuration, metrics),
    metrics: metrics?.invocation,
    tracing,
    tracesPeers: active,
    now: systemClock.now,
  });

  const messages = metrics && pubsubMetrics(metrics.registry, metrics.app, metrics.buckets);
  const publisher = createPublisher(registry, config.appId, messages);
  const subscriptions = await startSubscriptions({
    ...{ config, source, registry, publisher, policies, metrics: messages, app, log, stack },
  });

  const items = startConfiguration({ registry, policies, app, log, stack });
  const bindings = startBindings({ config, registry, policies, metrics, app, log, stack });

  const servers = await startDoors({
    ...{ config, configuration, log, stack },
    operations: operations({
      appId: config.appId,
      publisher,
      streams: subscriptions.streams,
      outbox: subscriptions.outbox,
      configurationSubscriptions: items.subscriptions,
      findVault: vaultsOf(registry),
      metadata: [
        ownFacts(config.appId, config.app, features),
        componentFacts(registry),
        subscriptions.facts,
        () => ({ httpEndpoints: endpoints.names().map((name) => ({ name })) }),
        () => ({ resiliencies: policies.names.map((name) => ({ name })) }),
      ],
      tracing,
      extended: extendedMetadata(),
      secretAccess: secretAccess(configuration.spec.secrets?.scopes ?? []),
      ending,
      log,
    }),
    stages: [componentStage(registry, config.appId)],
    healthPages: healthPages(health, config.appId),
    pages: [invocation.page, ...items.pages],
    fallback: invocation.page,
    handlers: invocation.handlers,
    proxy: invocation.proxy,
    pipeline: pipelines.server,
    watch: metrics?.watch ?? {},
    tracing: active ? tracing : undefined,
  });
  const internal = await startInternalServer(config, {
    ...{ log, stack },
    services: [invocation.internal],
    proxy: invocation.proxy,
    direct: invocation.direct,
    tls: peerSecurity?.serverTls(),
    wantedPort: stablePort(config.appId, config.hostAddress ?? ''),
  });
  await announce(
    names,
    {
      appId: config.appId,
      namespace: config.namespace,
      address: reachable(config.api.internalAddress) ?? hostAddress,
      port: internal.port,
      appPort: config.app.port,
      httpPort: config.api.httpPort,
    },
    log,
  );
  outboundReady.ready();
  if (features.includes(hotReloadFeature)) {
    startHotReload({
      ...{ config, resources, components, endpoints, policies, subscriptions, bindings, ending, log },
      items: items.subscriptions,
      signal: lifetime.signal,
    });
  }
  await Promise.race([app.ready, ending.stopped]);
  await Promise.race([readAppConfig(config, app, log), ending.stopped]);
  if (config.placementAddresses.length === 0) log.info('Actor runtime disabled: no placement address is given');
  else
    log.warn(
      `Actor runtime disabled: this version does not serve actors yet; placement at ${config.placementAddresses.join(', ')} is not dialled`,
    );
  if (config.schedulerAddresses.length === 0) log.warn('No scheduler host addresses provided. Scheduler disabled');
  await Promise.race([Promise.all([subscriptions.start(), bindings.start()]), ending.stopped]);
  const inputs = {
    stop: async () => {
      await Promise.all([subscriptions.stop(), bindings.stop()]);
    },
  };
  runtimeReady.ready();
  log.info(`dapr initialized. Status: Running. Init Elapsed ${Math.round(performance.now() - began)}ms`);
  return { servers: [...servers, internal.server], appUnhealthy: unhealthy(app), inputs };
}

/** A listen address at which others reach this sidecar; undefined for one that stands for all. */
const reachable = (listen: string) => (['', '0.0.0.0', '::'].includes(listen) ? undefined : listen);

/** Makes this sidecar known to others; a failure is logged, as calls from here still work. */
async function announce(names: NameResolver | undefined, self: NameInstance, log: Logger): Promise<void> {
  try {
    await names?.announce?.(self);
  } catch (thrown) {
    log.error(`Failed to announce ${self.appId} to other sidecars: ${toFault(thrown).message}`);
  }
}

function unhealthy({ health }: App): Promise<void> {
  return new Promise((resolve) => health?.onChange((healthy) => healthy || resolve()));
}
