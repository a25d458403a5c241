import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { startTime } from '../start-time.ts';
import { processCgroup } from './cgroup.ts';
import type { Plan } from './plan.ts';

/** A process of the cluster, named for good by its id and the tick it started at. */
export interface Daemon {
  pid: number;
  started: string;
}

/**
 * Starts a program in the cluster's network and control group, with
 * `<folder>/logs/<name>.log` for its output, and leaves it running.
 */
export async function startDaemon(cluster: Plan, name: string, command: string, args: string[]): Promise<Daemon> {
  const log = openSync(join(cluster.folder, 'logs', `${name}.log`), 'a');
  const group = join(await processCgroup(cluster.cgroup), 'system', 'cgroup.procs');
  const enter = ['-c', 'echo $$ > "$0" && exec nsenter --net="$@"'];
  const child = spawn('sh', [...enter, group, `/run/netns/${cluster.namespace}`, '--', command, ...args], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: cluster.folder,
  });
  closeSync(log);
  child.on('error', () => undefined);
  child.unref();
  const started = child.pid === undefined ? undefined : startTime(child.pid);
  if (child.pid === undefined || started === undefined) throw new Error(`${name} could not be started`);
  return { pid: child.pid, started };
}

export const isAlive = ({ pid, started }: Daemon): boolean => startTime(pid) === started;

/** Ends a process at once and waits until it is gone: what it would still write is deleted with the cluster. */
export async function killDaemon(daemon: Daemon): Promise<void> {
  if (isAlive(daemon)) process.kill(daemon.pid, 'SIGKILL');
  await eventually(`process ${daemon.pid} to end`, async () => (isAlive(daemon) ? undefined : true));
}
