import { fault } from '#kit/errors/fault.ts';
import type { ParsedFlags } from '#kit/flags/parse.ts';
import type { HostConfig } from './app.ts';
import type { Flags } from './flags.ts';

/** Flags and environment to configuration. Throws `invalid-config` naming the flag that is missing. */
export function configure({ values }: ParsedFlags<Flags>, env: HostConfig['env']): HostConfig {
  for (const name of ['type', 'socket'] as const) {
    if (values[name] === '') throw fault('invalid-config', `--${name} is missing`);
  }
  return {
    type: values.type,
    version: values['version-of-type'],
    socket: values.socket,
    healthPort: values['health-port'],
    logging: { level: values['log-level'], json: values['log-as-json'] },
    env,
  };
}
