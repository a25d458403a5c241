import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fault } from '#kit/errors/fault.ts';
import { daprdPath, dataFolder } from '../paths.ts';
import type { CliWorld } from '../world.ts';
import { startChild } from './child.ts';
import { writeDefaultResources } from './default-resources.ts';
import { freePorts } from './free-port.ts';
import { localRuns } from './local-runs.ts';
import { logStream } from './log-stream.ts';
import { type AppPlan, planApp, startOrder } from './plan.ts';
import type { RunRecord } from './registry.ts';
import { type Supervision, supervise } from './supervise.ts';
import { parseRunFile, type RunApp } from './template.ts';
import { untilReady } from './until-ready.ts';

const graceMs = 10_000;

/** Runs apps beside their sidecars until they end or a signal comes; answers the exit code. */
export async function run(apps: readonly RunApp[], world: CliWorld): Promise<number> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  world.on('SIGINT', stop);
  world.on('SIGTERM', stop);
  world.on('SIGHUP', stop);
  world.onDisconnect(stop);
  const plans = startOrder(await planAll(apps, world));
  const registry = localRuns(world);
  await refuseTwice(plans, await registry.list());
  try {
    return await supervise(plans, supervision(plans, registry.add, world), abort.signal);
  } finally {
    await Promise.all(plans.map((plan) => registry.remove(plan.id)));
  }
}

/**
 * Reads a run file, the `dapr.yaml` of a folder or, for `-`, standard input, and answers its apps; paths in it are
 * relative to the file's folder.
 */
export async function readRunFile(file: string, cwd: string): Promise<RunApp[]> {
  const { parse } = await import('yaml');
  const full = file === '-' ? '/dev/stdin' : await fileIn(path.resolve(cwd, file));
  const text = await readFile(full, 'utf8').catch((cause) => {
    throw fault('not-found', `cannot read the run file ${file}: ${cause.code ?? cause.message}`, { cause });
  });
  const folder = file === '-' ? cwd : path.dirname(full);
  return parseRunFile(parsed(parse, text, file), file).map((app) => inFolder(app, folder));
}

const fileIn = async (place: string): Promise<string> =>
  (await stat(place).catch(() => undefined))?.isDirectory() ? path.join(place, 'dapr.yaml') : place;

function parsed(parse: (text: string) => unknown, text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw fault('invalid-config', `${file} is no YAML: ${(cause as Error).message}`, { cause });
  }
}

function inFolder(app: RunApp, folder: string): RunApp {
  const within = (one: string): string => path.resolve(folder, one);
  const placed = { ...app, directory: within(app.directory) };
  for (const key of ['resourcesPath', 'componentsPath', 'configFilePath'] as const) {
    if (app[key] !== undefined) placed[key] = within(app[key]);
  }
  if (app.resourcesPaths) placed.resourcesPaths = app.resourcesPaths.map(within);
  return placed;
}

async function planAll(apps: readonly RunApp[], world: CliWorld): Promise<AppPlan[]> {
  const defaultResources = await writeDefaultResources(dataFolder(world.env));
  const ports = await freePorts(apps.length * 5);
  return apps.map((app, index) => {
    const [http, grpc, internal, metrics, profile] = ports.slice(index * 5) as [number, number, number, number, number];
    const own = {
      http: app.daprHTTPPort ?? http,
      grpc: app.daprGRPCPort ?? grpc,
      internal: app.daprInternalGRPCPort ?? internal,
      metrics: app.metricsPort ?? metrics,
      profile: app.profilePort ?? profile,
    };
    return planApp(app, own, {
      daprd: daprdPath,
      cwd: world.cwd,
      defaultResources,
      namespace: world.env['NAMESPACE'],
    });
  });
}

function supervision(
  plans: readonly AppPlan[],
  record: (run: RunRecord) => Promise<void>,
  world: CliWorld,
): Supervision {
  const names = ['outrigger', ...plans.flatMap((plan) => [plan.id, `${plan.id} daprd`])];
  const log = logStream(names, (text) => world.stdout.write(text), world.stdout.isTTY === true);
  const say = (text: string) => log.line('outrigger', text);
  return {
    async start(name, spec) {
      const child = await startChild(
        spec,
        world.env,
        name.endsWith(' daprd') || plans.length > 1 ? 'ignore' : 'inherit',
      );
      log.attach(name, child.stdout);
      log.attach(name, child.stderr);
      return child;
    },
    untilReady,
    say,
    async onStarted(plan, sidecar, app) {
      say(`${plan.id} is up: HTTP ${plan.ports.http}, gRPC ${plan.ports.grpc}, metrics ${plan.ports.metrics}`);
      await record({
        appId: plan.id,
        pid: world.pid,
        sidecarPid: sidecar.pid,
        appPid: app?.pid,
        appPort: plan.appPort,
        ports: plan.ports,
        files: plan.files,
        command: plan.app === undefined ? '' : [plan.app.command, ...plan.app.args].join(' '),
        started: new Date().toISOString(),
      });
    },
    graceMs,
    pause: (ms) => setTimeout(ms, undefined, { ref: false }),
  };
}

async function refuseTwice(plans: readonly AppPlan[], running: readonly RunRecord[]): Promise<void> {
  const twice = running.find((record) => plans.some((plan) => plan.id === record.appId));
  if (twice === undefined) return;
  throw fault(
    'bad-request',
    `an app "${twice.appId}" is running already (pid ${twice.pid}): stop it with 'outrigger stop ${twice.appId}', or choose another --app-id`,
  );
}
