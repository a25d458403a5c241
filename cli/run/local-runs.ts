import path from 'node:path';
import { dataFolder } from '../paths.ts';
import type { CliWorld } from '../world.ts';
import { isAlive } from './is-alive.ts';
import { openRegistry, type Registry } from './registry.ts';

/** The apps that `outrigger run` keeps up for this user, one registry for all commands. */
export function localRuns(world: CliWorld): Registry {
  return openRegistry(path.join(dataFolder(world.env), 'runs'), (pid) => isAlive(pid, world));
}

/** Said of an app that is not among them. */
export const notRunning = (appId: string): string =>
  `no app "${appId}" runs here; 'outrigger list' shows those that do`;
