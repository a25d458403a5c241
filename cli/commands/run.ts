import type { Command } from 'commander';
import { fault } from '#kit/errors/fault.ts';
import { groupMark, leadGroup } from '../run/group.ts';
import { readRunFile, run } from '../run/run.ts';
import type { RunApp } from '../run/template.ts';
import type { CliWorld } from '../world.ts';

type Options = Record<string, string | boolean | string[] | undefined>;

/** `outrigger run`: an app and its sidecar on this machine, with the flags of `dapr run`. */
export function addRun(program: Command, world: CliWorld): void {
  program
    .command('run')
    .summary('run an app beside its sidecar on this machine')
    .description(
      'Runs an app and its sidecar as one process group with one log; the exit code is the app’s. Without --resources-path' +
        ' the app gets a SQLite state store called "statestore".',
    )
    .usage('[flags] --app-id NAME -- COMMAND [ARG …]   |   run -f dapr.yaml')
    .passThroughOptions()
    .argument('[command...]', 'the app; without it the sidecar runs alone')
    .option('-a, --app-id <name>', 'name of the app')
    .option('-p, --app-port <port>', 'port the app listens on')
    .option('-P, --app-protocol <name>', 'how the sidecar talks to the app: http, https, h2c, grpc, grpcs')
    .option('-c, --config <file>', 'Configuration file')
    .option('-d, --components-path <folder>', 'old name of --resources-path')
    .option('--resources-path <folder>', 'folder of components and other resources; may be given again', collect)
    .option('-H, --dapr-http-port <port>', "the sidecar's HTTP port (default: a free one)")
    .option('-G, --dapr-grpc-port <port>', "the sidecar's gRPC port (default: a free one)")
    .option('-I, --dapr-internal-grpc-port <port>', 'port for calls between sidecars (default: a free one)')
    .option('-M, --metrics-port <port>', 'port of metrics (default: a free one)')
    .option('--dapr-listen-addresses <list>', 'addresses the sidecar listens on (default 127.0.0.1)')
    .option('--log-level <level>', 'debug, info, warn, error, fatal')
    .option('--app-max-concurrency <count>', 'most calls the app gets at once')
    .option('--app-channel-address <host>', 'address the app listens on')
    .option('--max-body-size <size>', 'largest body, such as 4Mi')
    .option('--read-buffer-size <size>', 'largest head of a request, such as 4Ki')
    .option('-u, --unix-domain-socket <folder>', 'serve the APIs on Unix sockets in this folder')
    .option('--enable-app-health-check', 'probe the health of the app')
    .option('--app-health-check-path <path>', 'path of the probe')
    .option('--app-health-probe-interval <seconds>', 'pause between probes')
    .option('--app-health-probe-timeout <ms>', 'longest wait for a probe')
    .option('--app-health-threshold <count>', 'failed probes before the app counts as unhealthy')
    .option('--enable-api-logging', 'log each API call')
    .option('--placement-host-address <address>', 'placement service')
    .option('--scheduler-host-address <address>', 'scheduler service')
    .option('-f, --run-file <file>', 'run all apps of a run file')
    .action(async (command: string[], options: Options) => world.exit(await runAction(command, options, world)));
}

const collect = (folder: string, before: string[] = []): string[] => [...before, folder];

async function runAction(command: readonly string[], options: Options, world: CliWorld): Promise<number> {
  const apps =
    options['runFile'] === undefined
      ? [appOf(command, options)]
      : await readRunFile(String(options['runFile']), world.cwd);
  return world.env[groupMark] === undefined ? leadGroup(world) : run(apps, world);
}

function appOf(command: readonly string[], options: Options): RunApp {
  const problems: string[] = [];
  const text = (key: string): string | undefined => (options[key] === undefined ? undefined : String(options[key]));
  const whole = (key: string, flag: string): number | undefined => {
    const value = text(key);
    if (value === undefined || /^-?\d+$/.test(value)) return value === undefined ? undefined : Number(value);
    problems.push(`--${flag}=${value}: must be a whole number`);
    return undefined;
  };
  const appID = text('appId');
  if (appID === undefined) problems.push('--app-id: give the app a name, such as --app-id shop');
  const folders = [
    ...((options['resourcesPath'] as string[] | undefined) ?? []),
    ...(options['componentsPath'] ? [String(options['componentsPath'])] : []),
  ];
  const app = {
    appID: appID ?? '',
    directory: '.',
    command,
    dependsOn: [],
    appPort: whole('appPort', 'app-port'),
    appProtocol: text('appProtocol') as RunApp['appProtocol'],
    configFilePath: text('config'),
    resourcesPaths: folders.length > 0 ? folders : undefined,
    daprHTTPPort: whole('daprHttpPort', 'dapr-http-port'),
    daprGRPCPort: whole('daprGrpcPort', 'dapr-grpc-port'),
    daprInternalGRPCPort: whole('daprInternalGrpcPort', 'dapr-internal-grpc-port'),
    metricsPort: whole('metricsPort', 'metrics-port'),
    daprListenAddresses: text('daprListenAddresses'),
    logLevel: text('logLevel'),
    appMaxConcurrency: whole('appMaxConcurrency', 'app-max-concurrency'),
    appChannelAddress: text('appChannelAddress'),
    maxBodySize: text('maxBodySize'),
    readBufferSize: text('readBufferSize'),
    unixDomainSocket: text('unixDomainSocket'),
    enableAppHealthCheck: options['enableAppHealthCheck'] === true ? true : undefined,
    appHealthCheckPath: text('appHealthCheckPath'),
    appHealthProbeInterval: whole('appHealthProbeInterval', 'app-health-probe-interval'),
    appHealthProbeTimeout: whole('appHealthProbeTimeout', 'app-health-probe-timeout'),
    appHealthThreshold: whole('appHealthThreshold', 'app-health-threshold'),
    enableApiLogging: options['enableApiLogging'] === true ? true : undefined,
    placementHostAddress: text('placementHostAddress'),
    schedulerHostAddress: text('schedulerHostAddress'),
  };
  if (problems.length > 0) throw fault('invalid-flags', problems.join('\n'));
  return Object.fromEntries(Object.entries(app).filter(([, value]) => value !== undefined)) as RunApp;
}
