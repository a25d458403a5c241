import type { Command, Option } from 'commander';

/** A flag as it is typed, what it means, and the values it takes where those are a few words. */
export type FlagWords = {
  long: string;
  short: string | undefined;
  description: string;
  takesValue: boolean;
  choices: readonly string[];
};

/** What may follow a command on the line. */
export type CommandWords = {
  /** The words that lead to it, such as `explain app`; empty for the program itself. */
  path: string;
  flags: readonly FlagWords[];
  subcommands: readonly { name: string; description: string }[];
  /** Words its arguments can be, such as the shells of `completion`. */
  choices: readonly string[];
};

/** Every command of a program, itself first: what a completion script is written from. */
export function vocabularyOf(program: Command): CommandWords[] {
  return wordsBelow(program, []);
}

function wordsBelow(command: Command, path: readonly string[]): CommandWords[] {
  const { commands } = command;
  const own: CommandWords = {
    path: path.join(' '),
    flags: [...command.options, helpFlag].map(flagWords),
    subcommands: commands.map((one) => ({ name: one.name(), description: one.summary() || one.description() })),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  };
  return [own, ...commands.flatMap((one) => wordsBelow(one, [...path, one.name()]))];
}

type Described = Pick<Option, 'long' | 'short' | 'description' | 'required' | 'optional' | 'argChoices'>;

/** Commander does not list it among a command's options. */
const helpFlag: Described = {
  long: '--help',
  short: '-h',
  description: 'print this page',
  required: false,
  optional: false,
  argChoices: [],
};

const flagWords = ({ long, short, description, required, optional, argChoices }: Described): FlagWords => ({
  long: long!,
  short,
  description,
  takesValue: required || optional,
  choices: argChoices ?? [],
});
