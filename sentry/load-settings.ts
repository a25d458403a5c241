import { readFile } from 'node:fs/promises';
import type { Configuration } from '#crds/configuration.ts';
import { Fault, fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { daprResources } from '#kit/kube/resource.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { SentryConfig } from './config.ts';
import { readSettings, type Settings } from './settings.ts';

const retryMs = 2_000;
const attempts = 30;

/**
 * The settings of the Configuration: an object in Kubernetes, waited for for a minute since the chart makes it after the
 * Deployments; a file otherwise, which may be empty. Throws `invalid-config` when it is not there.
 */
export async function loadSettings(
  config: Pick<SentryConfig, 'configuration' | 'namespace'>,
  client: Pick<KubeClient, 'get'> | undefined,
  { log, signal, clock = systemClock }: { log: Logger; signal: AbortSignal; clock?: Clock },
): Promise<Settings> {
  const { configuration: name, namespace } = config;
  if (!client) return readSettings(name === undefined ? undefined : await parse(await readManifest(name)));
  for (let attempt = 1; ; attempt++) {
    try {
      return readSettings(await client.get(daprResources.configurations, { namespace, name: name! }, signal));
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.key !== 'not-found') throw thrown;
      if (attempt === attempts)
        throw fault(
          'invalid-config',
          `there is no Configuration ${namespace}/${name}: install it, or name another with --config`,
        );
      if (attempt === 1) log.warn(`There is no Configuration ${namespace}/${name} yet; waiting for it`);
      await clock.pause(retryMs, signal);
      signal.throwIfAborted();
    }
  }
}

/** The schemas take time to load, which an empty file need not cost. */
async function parse(manifest: unknown): Promise<Configuration | undefined> {
  if (manifest === undefined || manifest === null) return undefined;
  const { configuration } = await import('#crds/configuration.ts');
  try {
    return configuration.parse(manifest);
  } catch (thrown) {
    throw thrown instanceof Fault ? fault('invalid-config', thrown.message, { cause: thrown }) : thrown;
  }
}

async function readManifest(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw fault('invalid-config', `--config=${file}: ${cause.code}`, { cause });
  });
  if (text.trim() === '') return undefined;
  const { parseAllDocuments } = await import('yaml');
  const [document] = parseAllDocuments(text);
  const problem = document && 'errors' in document ? document.errors[0] : undefined;
  if (problem) throw fault('invalid-config', `--config=${file}: ${problem.message}`, { cause: problem });
  return document && 'toJS' in document ? document.toJS() : undefined;
}
