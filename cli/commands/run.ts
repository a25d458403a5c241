import type { Command } from 'commander';
import { fault } from '#kit/errors/fault.ts';
import { appOfFlags, runOptions } from '../run/flags.ts';
import { groupMark, leadGroup } from '../run/group.ts';
import { readRunFile } from '../run/read-run-file.ts';
import { run } from '../run/run.ts';
import type { CliWorld } from '../world.ts';

type Options = Readonly<Record<string, unknown>>;

/** `outrigger run`: an app and its sidecar on this machine, with the flags of `dapr run`. */
export function addRun(program: Command, world: CliWorld): void {
  const command = program
    .command('run')
    .summary('run an app beside its sidecar on this machine')
    .description(
      'Runs an app and its sidecar as one process group with one log; the exit code is the app’s. Without --resources-path' +
        ' the app gets the components of ~/.dapr, or, where there are none, a SQLite state store called "statestore".',
    )
    .usage('[flags] --app-id NAME -- COMMAND [ARG …]   |   run -f dapr.yaml')
    .argument('[command...]', 'the app; without it the sidecar runs alone')
    .action(async (words: string[], options: Options) => world.exit(await runAction(words, options, world)));
  for (const option of runOptions()) command.addOption(option);
  command
    .option(
      '-f, --run-file <file>',
      'run all apps of a run file, of the dapr.yaml in a folder, or of standard input: -',
    )
    .option('-k, --kubernetes', 'not offered: apps get into a cluster by their manifests');
}

async function runAction(words: readonly string[], { runFile, kubernetes, ...options }: Options, world: CliWorld) {
  if (kubernetes) {
    throw fault(
      'invalid-flags',
      "--kubernetes: apps are not deployed by this command: run 'outrigger install', then kubectl apply your manifests",
    );
  }
  const leads = world.env[groupMark] !== undefined;
  if (runFile === undefined) {
    const app = appOfFlags(words, options);
    return leads ? run([app], world) : leadGroup(world);
  }
  if (!leads) return leadGroup(world);
  if (words.length + Object.keys(options).length > 0)
    world.stderr.write(
      'outrigger: other flags and the command are ignored beside --run-file; say them in the run file\n',
    );
  return run(await readRunFile(String(runFile), world), world);
}
