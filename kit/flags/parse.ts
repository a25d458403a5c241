import { fault } from '#kit/errors/fault.ts';
import { nearest } from '#kit/values/nearest.ts';
import { type Flag, flagProblem } from './flag.ts';

// biome-ignore lint/suspicious/noExplicitAny: a table's rows differ in their value type
export type FlagTable = Readonly<Record<string, Flag<any>>>;

export type FlagValues<T extends FlagTable> = { readonly [K in keyof T]: T[K] extends Flag<infer V> ? V : never };

export type ParsedFlags<T extends FlagTable> = {
  values: FlagValues<T>;
  /** Names that were given, whatever their value. */
  given: ReadonlySet<keyof T & string>;
  help: boolean;
  version: boolean;
};

/**
 * Reads `argv` (without the program's name) by a flag table. Takes `-x` for `--x`, `--x=v` and `--x v`.
 * Throws one `invalid-flags` fault that lists every bad value and unknown name, a line each.
 */
export function parseFlags<T extends FlagTable>(table: T, argv: readonly string[]): ParsedFlags<T> {
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(table).map(([name, flag]) => [name, flag.default]),
  );
  const given = new Set<string>();
  const problems: string[] = [];
  let help = false;
  let version = false;
  for (let i = 0; i < argv.length; i++) {
    const { name, inline } = split(argv[i]!);
    if (name === undefined) problems.push(`unexpected argument "${argv[i]}"`);
    else if (name in table) i += take(table, name, inline, argv[i + 1], { values, given, problems });
    else if (name === 'help' || name === 'h') help = true;
    else if (name === 'version' || name === 'v') version = true;
    else problems.push(unknown(name, table));
  }
  if (problems.length > 0 && !help) throw fault('invalid-flags', problems.join('\n'));
  return { values: values as FlagValues<T>, given, help, version };
}

function split(word: string): { name?: string; inline?: string } {
  const match = /^--?([^=-][^=]*)(?:=([\s\S]*))?$/.exec(word);
  if (!match) return {};
  return match[2] === undefined ? { name: match[1]! } : { name: match[1]!, inline: match[2] };
}

type Sink = { values: Record<string, unknown>; given: Set<string>; problems: string[] };

/** Stores one flag's value; returns how many further words it used. */
function take(table: FlagTable, name: string, inline: string | undefined, next: string | undefined, sink: Sink): 0 | 1 {
  const flag = table[name]!;
  const alone = inline === undefined && flag.type === 'bool';
  const text = inline ?? (alone ? 'true' : next);
  if (text === undefined) {
    sink.problems.push(`--${name}: needs a value (${flag.type})`);
    return 0;
  }
  try {
    sink.values[name] = flag.parse(text, sink.given.has(name) ? sink.values[name] : undefined);
    sink.given.add(name);
  } catch (thrown) {
    sink.problems.push(flagProblem(name, text, thrown));
  }
  return inline === undefined && !alone ? 1 : 0;
}

function unknown(name: string, table: FlagTable): string {
  const near = nearest(name, Object.keys(table));
  return `--${name}: unknown flag${near === undefined ? '' : `, did you mean --${near}?`}`;
}
