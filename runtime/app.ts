import { toFault } from '#kit/errors/fault.ts';
import { healthTargets } from '#kit/health/targets.ts';
import type { Running } from '#kit/lifecycle/binary.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { formatDuration } from '#kit/values/duration.ts';
import { daprVersion, version } from '#kit/version.ts';
import type { RuntimeConfig } from './config.ts';
import { healthPages } from './health/pages.ts';
import { waitUntilOutboundReady } from './health/wait.ts';
import { loadPolicies } from './policy/guards.ts';
import { awaitStop, block, drainWithin, type Stopping } from './shutdown.ts';
import { type App, startApp } from './start/app-channel.ts';
import { readAppConfig } from './start/app-config.ts';
import { startCalls } from './start/calls.ts';
import { startComponents } from './start/components.ts';
import type { Drainable } from './start/doors.ts';
import { startFoundation } from './start/foundation.ts';
import { hotReloadFeature, startHotReload } from './start/hot-reload.ts';
import { type Inputs, startInputs } from './start/inputs.ts';
import { startPipelines } from './start/pipelines.ts';
import { startServers } from './start/servers.ts';

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
  const { log } = running;
  log.info(`Starting Dapr Runtime -- version ${daprVersion} -- commit outrigger-${version}`);
  log.info(`Log level set to: ${config.log.level}`);
  const ending = awaitStop(running);
  running.onHangup?.(() => {
    log.info("Received signal 'hangup'; starting again");
    ending.reload();
  });
  const stack = new AsyncDisposableStack();
  try {
    const starting = start(config, { log, stack, ending });
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

type Started = { servers: readonly Drainable[]; appUnhealthy: Promise<void>; inputs: Pick<Inputs, 'stop'> };

type StartContext = { log: Logger; stack: AsyncDisposableStack; ending: Stopping };

/** Brings the sidecar up, in Dapr's order: identity, components, gRPC, HTTP, calls from others, then the app. */
async function start(config: RuntimeConfig, { log, stack, ending }: StartContext): Promise<Started> {
  const began = performance.now();
  const lifetime = new AbortController();
  stack.defer(() => lifetime.abort());
  const health = { all: healthTargets(), outbound: healthTargets() };
  const runtimeReady = health.all.add('dapr-runtime');
  const outboundReady = health.outbound.add('dapr-outbound');
  const scope = { log, signal: lifetime.signal, stack };

  const base = await startFoundation({ config, targets: health.all, ...scope });
  const { resources, features, metrics } = base;
  const policies = await loadPolicies(resources.source, config.appId, log, metrics?.registry);
  const loading = startComponents({ config, ...resources, policies, metrics, ...scope });
  // The reason must be told before it ends the process.
  const components = await loading.catch((thrown) => resources.reported().then(() => Promise.reject(thrown)));
  const { registry } = components;
  const pipelines = startPipelines(resources.configuration, registry, log);
  const app = await startApp({
    ...{ app: config.app, maxBodyBytes: config.api.maxBodyBytes, pipeline: pipelines.app, clock: systemClock },
    metrics: metrics?.outgoing,
    ...scope,
  });
  const calls = await startCalls({ base, policies, components, app });
  const inputs = await startInputs({ base, policies, registry, app });
  const servers = await startServers({
    ...{ base, policies, registry, pipelines, calls, inputs, ending },
    healthPages: healthPages(health, config.appId),
  });
  outboundReady.ready();
  if (features.includes(hotReloadFeature)) startHotReload({ base, policies, components, calls, inputs, ending });

  await Promise.race([app.ready, ending.stopped]);
  await Promise.race([readAppConfig(config, app, log), ending.stopped]);
  tellWhatIsNotServed(config, log);
  await Promise.race([inputs.begin(), ending.stopped]);
  runtimeReady.ready();
  log.info(`dapr initialized. Status: Running. Init Elapsed ${Math.round(performance.now() - began)}ms`);
  return { servers, appUnhealthy: unhealthy(app), inputs };
}

function tellWhatIsNotServed({ placementAddresses, schedulerAddresses }: RuntimeConfig, log: Logger): void {
  if (placementAddresses.length === 0) log.info('Actor runtime disabled: no placement address is given');
  else
    log.warn(
      `Actor runtime disabled: this version does not serve actors yet; placement at ${placementAddresses.join(', ')} is not dialled`,
    );
  if (schedulerAddresses.length === 0) log.warn('No scheduler host addresses provided. Scheduler disabled');
}

function unhealthy({ health }: App): Promise<void> {
  return new Promise((resolve) => health?.onChange((healthy) => healthy || resolve()));
}
