import { boolFlag, choiceFlag, intFlag, stringFlag } from '#kit/flags/flag.ts';
import { logLevels } from '#kit/log/record.ts';

/** Flags of the component host. */
export const flags = {
  type: stringFlag('Type of the component, such as state.redis'),
  'version-of-type': stringFlag('Version of the type', 'v1'),
  socket: stringFlag('Path of the Unix socket to serve the component on'),
  'health-port': intFlag('Port of GET /healthz, which answers 200 once the socket listens; 0 serves none', 0),
  'log-level': choiceFlag('Least severe records to log', logLevels, 'info'),
  'log-as-json': boolFlag('Log in JSON'),
};

export type Flags = typeof flags;
