import type { Command } from 'commander';
import { localRuns } from '../run/local-runs.ts';
import type { RunRecord } from '../run/registry.ts';
import type { CliWorld } from '../world.ts';

/** `outrigger stop`: ends apps that `outrigger run` keeps up on this machine; exit code 1 if one does not run. */
export function addStop(program: Command, world: CliWorld): void {
  program
    .command('stop')
    .description('stop apps that run on this machine')
    .argument('<app-id...>', 'apps to stop')
    .action(async (ids: string[]) => {
      const runs = await localRuns(world).list();
      const codes = ids.map((id) => stopOne(id, runs, world));
      world.exit(codes.every(Boolean) ? 0 : 1);
    });
}

function stopOne(id: string, runs: readonly RunRecord[], world: CliWorld): boolean {
  const found = runs.find((run) => run.appId === id);
  if (found === undefined) {
    world.stderr.write(`outrigger: no app "${id}" runs here; 'outrigger list' shows those that do\n`);
    return false;
  }
  world.kill(found.pid, 'SIGTERM');
  world.stdout.write(`stopping ${id}\n`);
  return true;
}
