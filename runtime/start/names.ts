import type { NameResolver } from '#contracts/names.ts';
import type { Configuration } from '#crds/configuration.ts';
import { toFault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { RuntimeConfig } from '../config.ts';
import { openHosted } from '../hosts/open.ts';
import type { PluggableSockets } from '../hosts/pluggable.ts';

export type NamesStart = {
  config: RuntimeConfig;
  configuration: Configuration;
  sockets: PluggableSockets;
  log: Logger;
  signal: AbortSignal;
  stack: AsyncDisposableStack;
};

/** Opens the name resolver of the Configuration, else the mode's own. A failure is logged: only calls by name then fail. */
export async function startNames(start: NamesStart): Promise<NameResolver | undefined> {
  const { config, configuration, sockets, log, signal, stack } = start;
  const chosen = configuration.spec.nameResolution;
  const component = chosen?.component || (config.mode === 'kubernetes' ? 'kubernetes' : 'mdns');
  const type = `nameresolution.${component}`;
  const version = chosen?.version || 'v1';
  try {
    const metadata = settingsText(chosen?.configuration);
    const opened = await openHosted(
      { name: component, type, version, metadata },
      { log, signal, env: config.env, sockets },
    );
    log.info(`Initialized name resolution to ${component}`);
    return stack.use(opened as NameResolver);
  } catch (thrown) {
    log.error(`Failed to init name resolution ${type}/${version}: ${toFault(thrown).message}`);
    return undefined;
  }
}

/** A resolver's options as the texts that settings are read from. */
function settingsText(options: unknown): Record<string, string> {
  if (typeof options !== 'object' || options === null) return {};
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
