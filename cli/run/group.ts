import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { CliWorld } from '../world.ts';

/** Set in the environment of the process that leads the group. */
export const groupMark = 'OUTRIGGER_RUN_GROUP';

/**
 * Starts this command again as the leader of a process group of its own, and stays as its guard: a signal is passed on
 * once (a terminal would send Ctrl-C to everyone, so that processes saw it twice), the leader sees at once when the
 * guard is gone, and nothing of the group outlives the leader. Answers the leader's exit code.
 */
export function leadGroup(world: CliWorld): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(world.node.path, [...world.node.flags, world.node.script, ...world.argv], {
      detached: true,
      env: { ...world.env, [groupMark]: '1' },
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    const pass = () => void child.kill('SIGTERM');
    world.on('SIGINT', pass);
    world.on('SIGTERM', pass);
    world.on('SIGHUP', pass);
    child.once('exit', (code, signal) => {
      endGroup(child.pid!, world);
      resolve(code ?? 128 + constants.signals[signal!]);
    });
  });
}

function endGroup(leader: number, world: CliWorld): void {
  try {
    world.kill(-leader, 'SIGKILL');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}
