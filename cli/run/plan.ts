import path from 'node:path';
import { fault } from '#kit/errors/fault.ts';
import type { DefaultFiles } from './default-files.ts';
import { sidecarFlags } from './flags.ts';
import type { RunApp } from './template.ts';

/** Ports of one sidecar, all concrete. */
export type SidecarPorts = { http: number; grpc: number; internal: number; metrics: number; profile: number };

/** Files that a sidecar reads, by full path, and what else decides how they apply. */
export type SidecarFiles = {
  resourcesPaths: readonly string[];
  configs: readonly string[];
  appProtocol: string;
  /** Its NAMESPACE, where one is set. */
  namespace?: string | undefined;
};

/** One child process: what to start, where, and with which additions to the environment. */
export type ChildSpec = {
  command: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
};

/** An app with its sidecar, ready to start. */
export type AppPlan = {
  id: string;
  sidecar: ChildSpec;
  /** Answers 204 once the sidecar serves calls of the app. */
  ready: string;
  /** None: the sidecar runs alone. */
  app: ChildSpec | undefined;
  appPort: number | undefined;
  ports: SidecarPorts;
  files: SidecarFiles;
  dependsOn: readonly string[];
};

export type PlanSettings = {
  daprd: string;
  cwd: string;
  defaults: DefaultFiles;
  /** NAMESPACE of the environment that sidecars get, unless their app says another. */
  namespace?: string | undefined;
};

/** What to start for one app. Pure: ports were chosen and files written before. */
export function planApp(app: RunApp, ports: SidecarPorts, settings: PlanSettings): AppPlan {
  if (app.appID.includes('.')) throw fault('invalid-flags', `--app-id=${app.appID}: an app ID has no dots`);
  const directory = path.resolve(settings.cwd, app.directory);
  const [command, ...args] = app.command;
  const files = sidecarFiles(app, settings, directory);
  const env = appEnvironment(app, ports, files.appProtocol);
  return {
    id: app.appID,
    sidecar: {
      command: settings.daprd,
      args: sidecarArgs(app, ports, files),
      cwd: directory,
      env: app.env ?? {},
    },
    ready: `http://127.0.0.1:${ports.http}/v1.0/healthz/outbound`,
    app: command === undefined ? undefined : { command, args, cwd: directory, env },
    appPort: app.appPort,
    ports,
    files,
    dependsOn: app.dependsOn,
  };
}

function sidecarFiles(app: RunApp, settings: PlanSettings, directory: string): SidecarFiles {
  const old = [app.resourcesPath, app.componentsPath].filter((folder) => folder !== undefined);
  const named = [...(app.resourcesPaths ?? []), ...old];
  const folders = named.length > 0 ? named : [settings.defaults.resources];
  const config = app.configFilePath ?? settings.defaults.config;
  return {
    resourcesPaths: folders.map((folder) => path.resolve(settings.cwd, folder)),
    configs: config === undefined ? [] : [path.resolve(directory, config)],
    appProtocol: protocolOf(app),
    namespace: app.env?.['NAMESPACE'] ?? settings.namespace,
  };
}

function protocolOf({ appProtocol = 'http', appSSL }: RunApp): string {
  if (!appSSL) return appProtocol;
  return appProtocol === 'http' ? 'https' : appProtocol === 'grpc' ? 'grpcs' : appProtocol;
}

function appEnvironment(app: RunApp, ports: SidecarPorts, protocol: string): Record<string, string> {
  return {
    APP_ID: app.appID,
    APP_PROTOCOL: protocol,
    APP_CHANNEL_ADDRESS: app.appChannelAddress ?? '127.0.0.1',
    ...(app.appPort === undefined ? {} : { APP_PORT: String(app.appPort) }),
    DAPR_HTTP_PORT: String(ports.http),
    DAPR_GRPC_PORT: String(ports.grpc),
    DAPR_METRICS_PORT: String(ports.metrics),
    ...app.env,
  };
}

function sidecarArgs(app: RunApp, ports: SidecarPorts, files: SidecarFiles): string[] {
  const values: Record<string, unknown> = {
    ...Object.fromEntries(sidecarFlags.map(([name, setting]) => [name, app[setting]])),
    'app-protocol': files.appProtocol,
    'dapr-http-port': ports.http,
    'dapr-grpc-port': ports.grpc,
    'dapr-internal-grpc-port': ports.internal,
    'metrics-port': ports.metrics,
    'dapr-listen-addresses': app.apiListenAddresses ?? '127.0.0.1',
    'profile-port': app.enableProfiling ? ports.profile : undefined,
  };
  const own = Object.entries(values).filter(([, value]) => value !== undefined);
  return [
    ...own.map(([name, value]) => `--${name}=${value}`),
    ...files.configs.map((file) => `--config=${file}`),
    ...files.resourcesPaths.map((folder) => `--resources-path=${folder}`),
  ];
}

/** The apps so that each comes after those it depends on. Throws `invalid-config` on a circle, naming it. */
export function startOrder(plans: readonly AppPlan[]): AppPlan[] {
  const byId = new Map(plans.map((plan) => [plan.id, plan]));
  const ordered: AppPlan[] = [];
  const visit = (plan: AppPlan, above: readonly string[]): void => {
    if (ordered.includes(plan)) return;
    if (above.includes(plan.id)) {
      throw fault('invalid-config', `apps depend on each other in a circle: ${[...above, plan.id].join(' → ')}`);
    }
    for (const id of plan.dependsOn) visit(byId.get(id)!, [...above, plan.id]);
    ordered.push(plan);
  };
  for (const plan of plans) visit(plan, []);
  return ordered;
}
