import { Command, CommanderError } from 'commander';
import { toFault } from '#kit/errors/fault.ts';
import { daprVersion, version } from '#kit/version.ts';
import { addCompletion } from './commands/completion.ts';
import { addComponents } from './commands/components.ts';
import { addExplain } from './commands/explain.ts';
import { addInvoke } from './commands/invoke.ts';
import { addList } from './commands/list.ts';
import { addPublish } from './commands/publish.ts';
import { addRun } from './commands/run.ts';
import { addStop } from './commands/stop.ts';
import { addVersion } from './commands/version.ts';
import { addInstall } from './kubernetes/install.ts';
import { addStatus } from './kubernetes/status.ts';
import type { CliWorld } from './world.ts';

/** The whole CLI as one commander program; each command adds itself. */
function buildProgram(world: CliWorld): Command {
  const program = new Command('outrigger')
    .description('Run apps beside sidecars that speak Dapr, on this machine or in Kubernetes.')
    .version(`outrigger ${version} (speaks Dapr ${daprVersion})`, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this page')
    .helpCommand('help [command]', 'print the page of a command')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError("Run 'outrigger help', or the command with --help, for what there is.")
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error/, 'outrigger')),
    })
    .exitOverride();
  addRun(program, world);
  addList(program, world);
  addStop(program, world);
  addInvoke(program, world);
  addPublish(program, world);
  addComponents(program, world);
  addExplain(program, world);
  addInstall(program, world);
  addStatus(program, world);
  addCompletion(program, world);
  addVersion(program, world);
  return program;
}

/** Runs the CLI to its exit code: 0, 1 for bad usage or failure, or what the command itself answers. */
export async function runCli(world: CliWorld): Promise<void> {
  try {
    await buildProgram(world).parseAsync([...world.argv], { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError) return world.exit(thrown.exitCode);
    world.stderr.write(`outrigger: ${toFault(thrown).message.replaceAll('\n', '\noutrigger: ')}\n`);
    world.exit(1);
  }
}
