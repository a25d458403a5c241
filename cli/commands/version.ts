import type { Command } from 'commander';
import { daprVersion, version } from '#kit/version.ts';
import { formatRows, type OutputFormat } from '../output/format.ts';
import { outputOption } from '../output/option.ts';
import type { CliWorld } from '../world.ts';

const rows = [
  { what: 'outrigger', version },
  { what: 'dapr', version: daprVersion },
] as const;

/** `outrigger version`: this release, and the one of Dapr whose contracts it speaks. */
export function addVersion(program: Command, world: CliWorld): void {
  program
    .command('version')
    .description('print the version, and that of the Dapr it speaks')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) => {
      const columns = [
        { title: 'WHAT', value: (row: (typeof rows)[number]) => row.what },
        { title: 'VERSION', value: (row: (typeof rows)[number]) => row.version },
      ];
      world.stdout.write(await formatRows(output, rows, columns));
    });
}
