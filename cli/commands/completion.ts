import { Argument, type Command } from 'commander';
import type { CliWorld } from '../world.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

type Shell = (typeof shells)[number];

/** `outrigger completion SHELL`: prints a script that completes commands and flags. */
export function addCompletion(program: Command, world: CliWorld): void {
  program
    .command('completion')
    .summary('print a completion script for your shell')
    .description('Prints a completion script. For bash: source <(outrigger completion bash)')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .action((shell: Shell) => void world.stdout.write(script(shell, vocabulary(program))));
}

/** Words that may follow, by command; the empty name is the top level. */
type Vocabulary = ReadonlyMap<string, readonly string[]>;

function vocabulary(program: Command): Vocabulary {
  const flags = (command: Command) => command.options.flatMap((option) => (option.long ? [option.long] : []));
  const commands = program.commands.map(
    (command) => [command.name(), [...flags(command), ...command.commands.map((sub) => sub.name())]] as const,
  );
  return new Map([['', [...program.commands.map((command) => command.name()), ...flags(program)]], ...commands]);
}

function script(shell: Shell, words: Vocabulary): string {
  if (shell === 'fish') return fish(words);
  const cases = [...words]
    .filter(([name]) => name !== '')
    .map(([name, list]) => `    ${name}) words="${list.join(' ')}" ;;`);
  const bash = `_outrigger() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${words.get('')!.join(' ')}"; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); fi
}
complete -F _outrigger outrigger
`;
  return shell === 'bash' ? bash : `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
}

function fish(words: Vocabulary): string {
  return [...words]
    .map(([name, list]) => {
      const when = name === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${name}`;
      return `complete -c outrigger -n "${when}" -f -a "${list.join(' ')}"\n`;
    })
    .join('');
}
