import path from 'node:path';
import { type Command, Option } from 'commander';
import { type Column, formatRows, type OutputFormat, outputFormats } from '../output/format.ts';
import { dataFolder } from '../paths.ts';
import { isAlive } from '../run/is-alive.ts';
import { openRegistry, type Registry, type RunRecord } from '../run/registry.ts';
import type { CliWorld } from '../world.ts';

const columns: readonly Column<RunRecord>[] = [
  { title: 'APP ID', value: (run) => run.appId },
  { title: 'HTTP', value: (run) => String(run.ports.http) },
  { title: 'GRPC', value: (run) => String(run.ports.grpc) },
  { title: 'APP PORT', value: (run) => String(run.appPort ?? '') },
  { title: 'PID', value: (run) => String(run.pid) },
  { title: 'STARTED', value: (run) => run.started },
  { title: 'COMMAND', value: (run) => run.command },
];

/** `outrigger list` and `outrigger stop`: the apps that `outrigger run` keeps up on this machine. */
export function addList(program: Command, world: CliWorld): void {
  program
    .command('list')
    .summary('list the apps that run on this machine')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(outputFormats).default('table'))
    .action(async ({ output }: { output: OutputFormat }) => {
      const runs = await registryOf(world).list();
      if (runs.length === 0 && output === 'table')
        world.stdout.write("No app runs here. Start one with 'outrigger run'.\n");
      else world.stdout.write(await formatRows(output, runs, columns));
    });
  program
    .command('stop')
    .summary('stop apps that run on this machine')
    .argument('<app-id...>', 'apps to stop')
    .action(async (ids: string[]) => {
      const runs = await registryOf(world).list();
      const codes = ids.map((id) => stopOne(id, runs, world));
      world.exit(codes.every(Boolean) ? 0 : 1);
    });
}

function registryOf(world: CliWorld): Registry {
  return openRegistry(path.join(dataFolder(world.env), 'runs'), (pid) => isAlive(pid, world));
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
