import type { Command } from 'commander';
import { type Column, formatRows, type OutputFormat } from '../output/format.ts';
import { outputOption } from '../output/option.ts';
import { localRuns } from '../run/local-runs.ts';
import type { RunRecord } from '../run/registry.ts';
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

/** `outrigger list`: the apps that `outrigger run` keeps up on this machine. */
export function addList(program: Command, world: CliWorld): void {
  program
    .command('list')
    .description('list the apps that run on this machine')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) => {
      const runs = await localRuns(world).list();
      if (runs.length === 0 && output === 'table')
        world.stdout.write("No app runs here. Start one with 'outrigger run'.\n");
      else world.stdout.write(await formatRows(output, runs, columns));
    });
}
