import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Component } from '#crds/component.ts';
import { type Configuration, configuration } from '#crds/configuration.ts';
import { fault } from '#kit/errors/fault.ts';
import { watchDirectories } from '#kit/files/watch.ts';
import { connect } from '#kit/grpc/client.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Security } from '#kit/security/security.ts';
import type { RuntimeConfig } from '../config.ts';
import { configurationFromFiles, defaultConfiguration } from '../resources/configuration.ts';
import { fileSource } from '../resources/files.ts';
import { operatorSource } from '../resources/operator.ts';
import type { ResourceSource } from '../resources/source.ts';
import { type ResourceProblem, startStatusReporter } from '../resources/status-report.ts';

export type ResourcesStart = {
  config: RuntimeConfig;
  security: Security | undefined;
  log: Logger;
  signal: AbortSignal;
  stack: AsyncDisposableStack;
};

/** Where the sidecar's resources and its Configuration come from, and who is told what became of them. */
export type Resources = {
  source: ResourceSource;
  configuration: Configuration;
  report(component: Component, problem: Error | undefined): void;
  /** Resolves when what was reported has been told, as far as it can be. */
  reported(): Promise<void>;
  /** A component that was reported is gone. */
  forget(name: string): void;
  /** All resources of a kind other than Component of which the newest version is not in use. */
  problems(kind: string, problems: readonly ResourceProblem[]): void;
  /** The Configuration as it is now. Throws when it cannot be read or is not valid. */
  readConfiguration(): Promise<Configuration>;
  /** Calls back when the Configuration may have changed. */
  watchConfiguration(changed: () => void): void;
};

/** Editors and kubelet write in several steps. */
const settleMs = 100;

/** Files in standalone mode, the operator in Kubernetes. */
export async function startResources(start: ResourcesStart): Promise<Resources> {
  if (start.config.configs.length === 0) start.log.info('loading default configuration');
  return start.config.mode === 'kubernetes' ? fromOperator(start) : fromFiles(start);
}

async function fromFiles({ config, log, signal, stack }: ResourcesStart): Promise<Resources> {
  const namespace = config.namespaceGiven ? config.namespace : undefined;
  const source = stack.use(fileSource({ folders: config.resourcesPaths, namespace, log }));
  const readConfiguration = () => configurationFromFiles(config.configs, config.env, log);
  return {
    source,
    configuration: await readConfiguration(),
    report: () => {},
    reported: async () => {},
    forget: () => {},
    problems: () => {},
    readConfiguration,
    watchConfiguration(changed) {
      const folders = config.configs.map((file) => path.dirname(file));
      watchDirectories(folders, whenTheyDiffer(config.configs, changed), { settleMs, signal });
      warnOfUnused(source, log, signal);
    },
  };
}

/** Much else may happen in their folders, such as a log that grows with what is said of them. */
function whenTheyDiffer(files: readonly string[], changed: () => void): () => void {
  const read = async () =>
    JSON.stringify(await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => undefined))));
  let last = read();
  return () => {
    const [before, now] = [last, read()];
    last = now;
    void Promise.all([before, now]).then(([one, other]) => one !== other && changed());
  };
}

/** Configurations in resources folders look as if they counted. */
function warnOfUnused(source: ResourceSource, log: Logger, signal: AbortSignal): void {
  const told = new Set<string>();
  const look = async (): Promise<void> => {
    const { resources } = await source.relist(configuration);
    for (const { metadata } of resources) {
      if (told.has(metadata.name)) continue;
      told.add(metadata.name);
      log.warn(`Configuration ${metadata.name} in a resources folder is not in use, unless --config names its file`);
    }
  };
  const tolerantly = () => void look().catch((thrown) => log.debug(`Resources cannot be read: ${thrown.message}`));
  tolerantly();
  source.watch(configuration, tolerantly, signal);
}

async function fromOperator({ config, security, log, signal, stack }: ResourcesStart): Promise<Resources> {
  if (security === undefined) throw fault('invalid-config', 'the operator is reached by identity only');
  const { namespace, podName, controlPlane } = config;
  const operator = { trustDomain: controlPlane.trustDomain, namespace: controlPlane.namespace, appId: 'dapr-operator' };
  const transport = connect({ target: controlPlane.operatorAddress, tls: security.clientTls(operator) });
  const common = { transport, namespace, podName, clock: systemClock, log, signal };
  const source = stack.use(operatorSource(common));
  const reporter = startStatusReporter(common);
  const [name, ...more] = config.configs;
  if (more.length > 0) {
    log.warn('Multiple configurations are not supported in Kubernetes mode; only the first one will be loaded');
  }
  const readConfiguration = async () => (name === undefined ? defaultConfiguration() : source.configuration(name));
  return {
    source,
    configuration: await readConfiguration(),
    readConfiguration,
    watchConfiguration: (changed) => name !== undefined && source.watch(configuration, changed, signal),
    forget: reporter.forget,
    problems: reporter.problems,
    report: ({ metadata }, problem) =>
      reporter.report({ name: metadata.name, generation: metadata.generation ?? 0, error: problem?.message }),
    reported: reporter.flush,
  };
}
