import { openComponent } from '#contracts/component.ts';
import { openedByInit } from '#contracts/instances.ts';
import { convertersOf } from '#contracts/wire/converters.ts';
import { fault } from '#kit/errors/fault.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import { startHealthServer } from '#kit/health/server.ts';
import { healthTargets } from '#kit/health/targets.ts';
import type { Running } from '#kit/lifecycle/binary.ts';
import type { LogLevel } from '#kit/log/record.ts';
import { nearest } from '#kit/values/nearest.ts';
import { components } from '../index.ts';

export type HostConfig = {
  type: string;
  version: string;
  socket: string;
  healthPort: number;
  logging: { level: LogLevel; json: boolean };
  env: Readonly<Record<string, string | undefined>>;
};

const maxReceiveBytes = 64 * 1024 * 1024;
const drainMs = 3_000;

/**
 * Serves one type of component on a Unix socket, by the pluggable components' contract: each sidecar that calls Init
 * gets an instance with its settings. Runs until the signal fires.
 */
export async function runComponentHost(config: HostConfig, { log, signal }: Running): Promise<void> {
  const targets = healthTargets();
  const listening = targets.add('socket');
  await using _health =
    config.healthPort > 0 ? await startHealthServer(targets, { host: '', port: config.healthPort }) : undefined;
  const component = await find(config);
  const converters = await convertersOf(config.type);
  if (!converters) throw fault('invalid-config', `${config.type} has no wire contract: it runs in the sidecar only`);
  await using instances = openedByInit((properties, name) =>
    openComponent(component, properties, { name, log, signal, env: config.env }),
  );
  const services = converters.serve(instances);
  await using server = await createGrpcServer({ services, log, reflection: true, maxReceiveBytes });
  await server.listenSocket(config.socket, component.type);
  listening.ready();
  log.info(`component ${component.type} is served on ${config.socket}`);
  await aborted(signal);
  await server.drain(drainMs);
}

async function find({ type, version }: HostConfig) {
  const key = `${type}/${version}`.toLowerCase();
  const load = components[key];
  if (load) return await load();
  const meant = nearest(key, Object.keys(components));
  throw fault(
    'component-unknown',
    `there is no component ${key}${meant === undefined ? '' : `: did you mean ${meant}?`}`,
  );
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
