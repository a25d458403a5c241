import type { CliWorld } from '../world.ts';

/** Whether a process exists and is ours to signal. */
export function isAlive(pid: number, world: CliWorld): boolean {
  try {
    world.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
