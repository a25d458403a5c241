import path from 'node:path';
import { z } from 'zod';
import { fault } from '#kit/errors/fault.ts';

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const port = z.int().min(0).max(65_535);

const oneOf = <const W extends readonly string[]>(words: W) => z.string().toLowerCase().pipe(z.enum(words)).optional();

/** Settings that `outrigger run` takes as flags and a run file takes per app or under `common`. */
export const settings = z.strictObject({
  appProtocol: oneOf(['http', 'https', 'h2c', 'grpc', 'grpcs']),
  /** Old way to ask for TLS: https for http, grpcs for grpc. */
  appSSL: z.boolean().optional(),
  appPort: port.optional(),
  appChannelAddress: z.string().optional(),
  appMaxConcurrency: z.int().optional(),
  daprHTTPPort: port.optional(),
  daprGRPCPort: port.optional(),
  daprInternalGRPCPort: port.optional(),
  metricsPort: port.optional(),
  profilePort: port.optional(),
  apiListenAddresses: z.string().optional(),
  configFilePath: z.string().optional(),
  /** Old names of `resourcesPaths`. */
  componentsPath: z.string().optional(),
  resourcesPath: z.string().optional(),
  resourcesPaths: z.array(z.string()).optional(),
  logLevel: oneOf(['debug', 'info', 'warn', 'warning', 'error', 'fatal']),
  logAsJSON: z.boolean().optional(),
  enableProfiling: z.boolean().optional(),
  enableApiLogging: z.boolean().optional(),
  enableAppHealthCheck: z.boolean().optional(),
  appHealthCheckPath: z.string().optional(),
  appHealthProbeInterval: z.int().optional(),
  appHealthProbeTimeout: z.int().optional(),
  appHealthThreshold: z.int().optional(),
  maxBodySize: text.optional(),
  readBufferSize: text.optional(),
  unixDomainSocket: z.string().optional(),
  placementHostAddress: z.string().optional(),
  schedulerHostAddress: z.string().optional(),
  env: z.record(z.string(), text).optional(),
});

/** What else stands in run files, for images in Kubernetes, log files and Dapr's own installation: read, and not used. */
const unused = {
  containerImage: z.string().optional(),
  containerImagePullPolicy: z.string().optional(),
  createService: z.boolean().optional(),
  runtimePath: z.string().optional(),
  appLogDestination: z.string().optional(),
  daprdLogDestination: z.string().optional(),
};

const app = settings.extend({
  ...unused,
  appID: z.string().optional(),
  appDirPath: z.string(),
  command: z.array(text).optional(),
  /** Our extension: app IDs whose sidecar and app must be up before this one starts. */
  dependsOn: z.array(z.string()).optional(),
});

const runFile = z.strictObject({
  version: z.literal(1),
  name: z.string().optional(),
  common: settings.extend(unused).optional(),
  apps: z.array(app).min(1),
});

export type AppSettings = z.infer<typeof settings>;
export type RunApp = AppSettings & {
  appID: string;
  directory: string;
  command: readonly string[];
  dependsOn: readonly string[];
};

/** Where a run file stands, and how to ask whether there is something at a full path. */
export type RunFilePlace = { folder: string; home: string; exists(path: string): boolean };

/**
 * Reads a run file (`dapr.yaml`, version 1): `common` settings are the default of each app; an app's ID defaults to its
 * folder's name. Paths are answered in full: those of an app are relative to its folder, those of `common` and
 * `appDirPath` to the file's; `.dapr/resources` and `.dapr/config.yaml` in an app's folder come before `common`'s.
 * Throws `invalid-config` naming the file and every field that is wrong.
 */
export function parseRunFile(document: unknown, file: string, place: RunFilePlace): RunApp[] {
  const parsed = runFile.safeParse(withoutNulls(document));
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${file}: ${issue.path.join('.') || '(top)'}: ${issue.message}`);
    throw fault('invalid-config', lines.join('\n'));
  }
  const { common = {}, apps } = parsed.data;
  const shared = withFullPaths(common, place.folder, place.home);
  const read = apps.map(({ appID, appDirPath, command = [], dependsOn = [], ...given }) => {
    const directory = fullPath(appDirPath, place.folder, place.home);
    const own = withFullPaths(given, directory, place.home);
    return {
      ...shared,
      ...byConvention(directory, place),
      ...own,
      env: { ...common.env, ...own.env },
      appID: appID ?? path.basename(directory),
      directory,
      command,
      dependsOn,
    };
  });
  checkReferences(read, file);
  return read;
}

/** A field without a value counts as left out. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const given = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(given.map(([name, item]) => [name, withoutNulls(item)]));
}

const fullPath = (one: string, folder: string, home: string): string =>
  path.resolve(folder, one.replace(/^~(?=\/|$)/, home));

/** The settings with the old names of `resourcesPaths` folded into it, which is left out where it is empty. */
function withFullPaths<Own extends AppSettings>(from: Own, folder: string, home: string) {
  const { resourcesPaths = [], resourcesPath, componentsPath, configFilePath, ...others } = from;
  const within = (one: string): string => fullPath(one, folder, home);
  const folders = [...resourcesPaths, resourcesPath, componentsPath].filter((one) => one !== undefined && one !== '');
  return {
    ...others,
    ...(folders.length > 0 && { resourcesPaths: folders.map((one) => within(one!)) }),
    ...(configFilePath && { configFilePath: within(configFilePath) }),
  };
}

function byConvention(directory: string, { exists }: RunFilePlace): AppSettings {
  const resources = path.join(directory, '.dapr/resources');
  const config = path.join(directory, '.dapr/config.yaml');
  return {
    ...(exists(resources) && { resourcesPaths: [resources] }),
    ...(exists(config) && { configFilePath: config }),
  };
}

function checkReferences(apps: readonly RunApp[], file: string): void {
  const ids = apps.map((one) => one.appID);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined)
    throw fault('invalid-config', `${file}: two apps have the ID "${twice}": give one another appID`);
  for (const one of apps) {
    const missing = one.dependsOn.find((id) => !ids.includes(id));
    if (missing !== undefined)
      throw fault('invalid-config', `${file}: app "${one.appID}" dependsOn "${missing}", which is not in the file`);
  }
}
