import { Argument, type Command } from 'commander';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { vocabularyOf } from '../completion/vocabulary.ts';
import type { CliWorld } from '../world.ts';

const scripts = {
  bash: bashCompletion,
  zsh: (...of: Parameters<typeof bashCompletion>) =>
    `autoload -U +X bashcompinit && bashcompinit\n${bashCompletion(...of)}`,
  fish: fishCompletion,
} as const;

const shells = Object.keys(scripts) as (keyof typeof scripts)[];

/** `outrigger completion SHELL`: prints a script that completes commands, flags and the values of flags. */
export function addCompletion(program: Command, world: CliWorld): void {
  program
    .command('completion')
    .summary('print a completion script for your shell')
    .description(
      'Prints a completion script. bash and zsh: source <(outrigger completion bash), or zsh; ' +
        'fish: outrigger completion fish | source',
    )
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .action((shell: keyof typeof scripts) => {
      world.stdout.write(scripts[shell](program.name(), vocabularyOf(program)));
    });
}
