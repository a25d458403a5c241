import { setTimeout } from 'node:timers/promises';
import { fault } from '#kit/errors/fault.ts';
import { daprdPath } from '../paths.ts';
import type { CliWorld } from '../world.ts';
import { startChild } from './child.ts';
import { defaultFiles } from './default-files.ts';
import { freePorts } from './free-port.ts';
import { localRuns } from './local-runs.ts';
import { logStream } from './log-stream.ts';
import { type AppPlan, planApp, startOrder } from './plan.ts';
import type { RunRecord } from './registry.ts';
import { type Supervision, supervise } from './supervise.ts';
import type { RunApp } from './template.ts';
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

async function planAll(apps: readonly RunApp[], world: CliWorld): Promise<AppPlan[]> {
  const defaults = await defaultFiles(world.env);
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
      defaults,
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
