import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from '#crds/configuration.ts';
import { toFault } from '#kit/errors/fault.ts';
import { watchDirectories } from '#kit/files/watch.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { daprResources } from '#kit/kube/resource.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { SentryConfig } from './config.ts';
import { loadSettings } from './load-settings.ts';
import { readSettings, type Settings } from './settings.ts';

/** The settings in force. */
export type LiveSettings = { current(): Settings };

export type WatchSettingsOptions = {
  config: Pick<SentryConfig, 'configuration' | 'namespace'>;
  /** In Kubernetes. */
  client: Pick<KubeClient, 'get' | 'list' | 'watch'> | undefined;
  log: Logger;
  signal: AbortSignal;
};

/** How long a file must be still before it is read again. */
const settleMs = 500;

/**
 * The settings of the Configuration, and what becomes of them until the signal fires. One that cannot be read leaves
 * the last ones in force, and so does one that was deleted. Throws as `loadSettings` does.
 */
export async function watchSettings(options: WatchSettingsOptions): Promise<LiveSettings> {
  const { config, client, log, signal } = options;
  let current = await loadSettings(config, client, { log, signal });
  const take = (next: Settings): void => {
    if (isDeepStrictEqual(next, current)) return;
    if (!isDeepStrictEqual(next.jwks, current.jwks))
      log.warn('spec.mtls.tokenValidators of the Configuration changed: restart sentry to have it take effect');
    current = { ...next, jwks: current.jwks };
    const { workloadCertTtlMs, allowedClockSkewMs } = current;
    log.info(
      `Configuration read: certificates live ${workloadCertTtlMs / 1_000}s from now on, and begin ${allowedClockSkewMs / 1_000}s in the past`,
    );
  };
  const attempt = async (read: () => Settings | Promise<Settings>): Promise<void> => {
    try {
      take(await read());
    } catch (thrown) {
      log.error(`The changed Configuration cannot be used, keeping the last one: ${toFault(thrown).message}`);
    }
  };
  if (client) await watchObject({ ...options, client }, attempt);
  else if (config.configuration !== undefined) {
    const directories = [path.dirname(config.configuration)];
    watchDirectories(directories, () => void attempt(() => loadSettings(config, undefined, options)), {
      settleMs,
      signal,
    });
  }
  return { current: () => current };
}

type Attempt = (read: () => Settings) => Promise<void>;

async function watchObject(
  { config, client, log, signal }: WatchSettingsOptions & { client: Pick<KubeClient, 'list' | 'watch'> },
  attempt: Attempt,
): Promise<void> {
  const { startInformer } = await import('#kit/kube/informer.ts');
  const { namespace, configuration: name } = config;
  const informer = startInformer<Configuration>({
    client,
    resource: daprResources.configurations,
    selection: { namespace, fieldSelector: `metadata.name=${name}` },
    log,
    signal,
  });
  informer.subscribe(({ type, object }) => {
    if (type !== 'deleted' && object.metadata.name === name) void attempt(() => readSettings(object));
  });
}
