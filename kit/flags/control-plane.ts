import type { LogLevel } from '#kit/log/record.ts';
import { boolFlag, choiceFlag, portFlag, stringFlag } from './flag.ts';
import type { FlagValues } from './parse.ts';

const logLevels = ['debug', 'info', 'warn', 'warning', 'error', 'fatal'] as const;

/** Flags that every control-plane service has, named as Dapr's. */
export const controlPlaneFlags = {
  'healthz-port': portFlag('Port of the health endpoint', 8080),
  'healthz-listen-address': stringFlag('Address the health endpoint listens on; empty is every address'),
  'enable-metrics': boolFlag('Serve Prometheus metrics', true),
  'metrics-port': portFlag('Port of the metrics', 9090),
  'metrics-listen-address': stringFlag('Address the metrics listen on; empty is every address'),
  'log-level': choiceFlag('Least severe records to log', logLevels, 'info'),
  'log-as-json': boolFlag('Log as JSON'),
};

/** Where a server listens. */
export type ListenAt = { host: string; port: number };

/** What those flags say. */
export type ControlPlaneConfig = {
  healthz: ListenAt;
  /** Absent when metrics are off. */
  metrics: ListenAt | undefined;
  logging: { level: LogLevel; json: boolean };
};

/** What a service is told by them; `warn` is `warning`, as in the log. */
export function controlPlaneConfig(values: FlagValues<typeof controlPlaneFlags>): ControlPlaneConfig {
  const level = values['log-level'];
  return {
    healthz: { host: values['healthz-listen-address'], port: values['healthz-port'] },
    metrics: values['enable-metrics']
      ? { host: values['metrics-listen-address'], port: values['metrics-port'] }
      : undefined,
    logging: { level: level === 'warn' ? 'warning' : level, json: values['log-as-json'] },
  };
}
