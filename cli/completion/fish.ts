import type { CommandWords } from './vocabulary.ts';

/** A completion script for fish, with what each word means beside it. */
export function fishCompletion(program: string, vocabulary: readonly CommandWords[]): string {
  return `function __${program}_at
  set -l typed (commandline -opc | string match -v -- '-*')[2..-1]
  set -l wanted $argv[2..-1]
  if test $argv[1] = below
    set typed $typed[1..(count $wanted)]
  end
  test "$typed" = "$wanted"
end
complete -c ${program} -f
${vocabulary.flatMap((words) => linesOf(program, words)).join('\n')}
`;
}

function linesOf(program: string, { path, flags, subcommands, choices }: CommandWords): string[] {
  const place = `${subcommands.length > 0 ? 'exactly' : 'below'} ${path}`.trim();
  const when = `complete -c ${program} -n '__${program}_at ${place}'`;
  return [
    ...subcommands.map(({ name, description }) => `${when} -a ${name} -d ${quoted(description)}`),
    ...choices.map((word) => `${when} -a ${word}`),
    ...flags.map(({ long, short, description, takesValue, choices: values }) => {
      const names = [`-l ${long.slice(2)}`, ...(short === undefined ? [] : [`-s ${short.slice(1)}`])].join(' ');
      const value = values.length > 0 ? ` -xa ${quoted(values.join(' '))}` : takesValue ? ' -rF' : '';
      return `${when} ${names}${value} -d ${quoted(description)}`;
    }),
  ];
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
