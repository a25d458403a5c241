import { Option } from 'commander';
import { fault } from '#kit/errors/fault.ts';
import { type AppSettings, type RunApp, settings } from './template.ts';

/** How the text of a flag is read: as it is, as a whole number, as a port (-1: none given), as a folder of several. */
type Form = 'text' | 'whole' | 'port' | 'switch' | 'folders';

type RunFlag = { flags: string; says: string; sets: keyof AppSettings | 'appID'; form: Form };

const flag = (flags: string, says: string, sets: RunFlag['sets'], form: Form = 'text'): RunFlag => ({
  flags,
  says,
  sets,
  form,
});

/** The flags of `dapr run` for one app, each with the field of a run file that says the same. */
const runFlags: readonly RunFlag[] = [
  flag('-a, --app-id <name>', 'name of the app', 'appID'),
  flag('-p, --app-port <port>', 'port the app listens on', 'appPort', 'port'),
  flag(
    '-P, --app-protocol <name>',
    'how the sidecar talks to the app: http, https, h2c, grpc, grpcs (default: http)',
    'appProtocol',
  ),
  flag('--app-ssl', 'old way to say --app-protocol https, or grpcs', 'appSSL', 'switch'),
  flag('-c, --config <file>', 'Configuration file', 'configFilePath'),
  flag('-d, --components-path <folder>', 'old name of --resources-path', 'componentsPath'),
  flag(
    '--resources-path <folder>',
    'folder of components and other resources; may be given again',
    'resourcesPaths',
    'folders',
  ),
  flag('-H, --dapr-http-port <port>', "the sidecar's HTTP port (default: a free one)", 'daprHTTPPort', 'port'),
  flag('-G, --dapr-grpc-port <port>', "the sidecar's gRPC port (default: a free one)", 'daprGRPCPort', 'port'),
  flag(
    '-I, --dapr-internal-grpc-port <port>',
    'port for calls between sidecars (default: a free one)',
    'daprInternalGRPCPort',
    'port',
  ),
  flag('-M, --metrics-port <port>', 'port of metrics (default: a free one)', 'metricsPort', 'port'),
  flag('--dapr-listen-addresses <list>', 'addresses the sidecar listens on (default: 127.0.0.1)', 'apiListenAddresses'),
  flag('--log-level <level>', 'debug, info, warn, error, fatal (default: info)', 'logLevel'),
  flag('--log-as-json', 'the sidecar logs as JSON', 'logAsJSON', 'switch'),
  flag(
    '--app-max-concurrency <count>',
    'most calls the app gets at once (default: no limit)',
    'appMaxConcurrency',
    'whole',
  ),
  flag('--app-channel-address <host>', 'address the app listens on (default: 127.0.0.1)', 'appChannelAddress'),
  flag('--max-body-size <size>', 'largest body, such as 4Mi', 'maxBodySize'),
  flag('--read-buffer-size <size>', 'largest head of a request, such as 4Ki', 'readBufferSize'),
  flag('-u, --unix-domain-socket <folder>', 'serve the APIs on Unix sockets in this folder', 'unixDomainSocket'),
  flag('--enable-app-health-check', 'probe the health of the app', 'enableAppHealthCheck', 'switch'),
  flag('--app-health-check-path <path>', 'path of the probe', 'appHealthCheckPath'),
  flag('--app-health-probe-interval <seconds>', 'pause between probes', 'appHealthProbeInterval', 'whole'),
  flag('--app-health-probe-timeout <ms>', 'longest wait for a probe', 'appHealthProbeTimeout', 'whole'),
  flag(
    '--app-health-threshold <count>',
    'failed probes before the app counts as unhealthy',
    'appHealthThreshold',
    'whole',
  ),
  flag('--enable-api-logging', 'log each API call', 'enableApiLogging', 'switch'),
  flag('--enable-profiling', 'serve profiles of the sidecar', 'enableProfiling', 'switch'),
  flag('--profile-port <port>', 'port of the profiles (default: a free one)', 'profilePort', 'port'),
  flag('--placement-host-address <address>', 'placement service', 'placementHostAddress'),
  flag('--scheduler-host-address <address>', 'scheduler service', 'schedulerHostAddress'),
];

/** What becomes something else on the sidecar's command line. */
const translated: ReadonlySet<RunFlag['sets']> = new Set([
  'appSSL',
  'configFilePath',
  'componentsPath',
  'resourcesPaths',
] as const);

/** Flags that the sidecar takes by the same name: `[name, the setting it has its value from]`. */
export const sidecarFlags = runFlags
  .filter(({ sets }) => !translated.has(sets))
  .map(({ flags, sets }) => [new Option(flags).name(), sets as keyof RunApp] as const);

/** What commander is told of them. */
export const runOptions = (): Option[] =>
  runFlags.map(({ flags, says, form }) => {
    const option = new Option(flags, says);
    return form === 'folders' ? option.argParser<string[]>((folder, before = []) => [...before, folder]) : option;
  });

/** The app that flags and the words behind them describe. Throws `invalid-flags` with a line for every flag that is wrong. */
export function appOfFlags(command: readonly string[], given: Readonly<Record<string, unknown>>): RunApp {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const { flags, sets, form } of runFlags) {
    const option = new Option(flags);
    const value = given[option.attributeName()];
    const number = form === 'whole' || form === 'port';
    if (value === undefined || (form === 'port' && value === '-1')) continue;
    if (number && !/^-?\d+$/.test(String(value))) problems.push(`${option.long}=${value}: must be a whole number`);
    else values[sets] = number ? Number(value) : value;
  }
  const { appID, ...own } = values;
  if (!appID) problems.push('--app-id: give the app a name, such as --app-id shop');
  const read = settings.safeParse(own);
  for (const { path, message } of read.error?.issues ?? []) {
    const wrong = runFlags.find(({ sets }) => sets === path[0])!;
    problems.push(`${new Option(wrong.flags).long}=${own[String(path[0])]}: ${message}`);
  }
  if (problems.length > 0 || !read.success) throw fault('invalid-flags', problems.join('\n'));
  return { ...read.data, appID: String(appID), directory: '.', command, dependsOn: [] };
}
