import { fault, toFault } from '#kit/errors/fault.ts';
import { parseDuration } from '#kit/values/duration.ts';
import { parseQuantity } from '#kit/values/quantity.ts';

/** One row of a binary's flag table. */
export type Flag<T = unknown> = {
  /** The word shown for the value in `--help` and docs. */
  type: 'string' | 'int' | 'bool' | 'duration' | 'bytes' | 'list';
  description: string;
  default: T;
  /** Text of the default for `--help`; empty shows none. */
  defaultText: string;
  /** Given more than once, or comma separated, values add up. */
  repeatable: boolean;
  /** Accepted and ignored, or replaced by another flag: the text says which. Hidden from `--help`. */
  deprecated?: string;
  /** Throws a fault that describes what is wrong with the text. */
  parse(text: string, previous: T | undefined): T;
};

type Extra = { deprecated?: string };

function make<T>(
  type: Flag['type'],
  description: string,
  value: T,
  parse: Flag<T>['parse'],
  extra: Extra = {},
): Flag<T> {
  return { type, description, default: value, defaultText: shown(value), repeatable: type === 'list', parse, ...extra };
}

function shown(value: unknown): string {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0) ? '' : String(value);
}

/** Any text. */
export const stringFlag = (description: string, value = '', extra?: Extra): Flag<string> =>
  make('string', description, value, (text) => text, extra);

/** One of the given words, in any case of letters; an empty one is taken, not told of. */
export function choiceFlag<const W extends string>(
  description: string,
  words: readonly W[],
  value: W,
  extra?: Extra,
): Flag<W> {
  const shownWords = words.filter(Boolean).join(', ');
  const parse = (text: string): W => {
    const found = words.find((word) => word === text.toLowerCase());
    if (found === undefined) throw fault('invalid-flags', `must be one of ${shownWords}`);
    return found;
  };
  return make('string', `${description} (${shownWords})`, value, parse, extra);
}

/** A whole number. */
export function intFlag(description: string, value: number, extra?: Extra): Flag<number> {
  const parse = (text: string): number => {
    if (!/^[+-]?\d+$/.test(text)) throw fault('invalid-flags', 'must be a whole number');
    return Number(text);
  };
  return make('int', description, value, parse, extra);
}

/** A TCP port, 0 (any free one) to 65535. */
export function portFlag(description: string, value: number, extra?: Extra): Flag<number> {
  const parse = (text: string): number => {
    const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(port <= 65_535)) throw fault('invalid-flags', 'must be a port between 0 and 65535');
    return port;
  };
  return make('int', description, value, parse, extra);
}

const boolWords: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  '1': true,
  false: false,
  f: false,
  '0': false,
};

function parseBool(text: string): boolean {
  const value = boolWords[text.toLowerCase()];
  if (value === undefined) throw fault('invalid-flags', 'must be true or false');
  return value;
}

/** On when given alone; `--x=false` turns it off. */
export const boolFlag = (description: string, value = false, extra?: Extra): Flag<boolean> =>
  make('bool', description, value, parseBool, extra);

/** As boolFlag, but `undefined` when not given. */
export const triStateFlag = (description: string, extra?: Extra): Flag<boolean | undefined> =>
  make<boolean | undefined>('bool', description, undefined, parseBool, extra);

/** A duration in Go's notation, in milliseconds; the default is given in that notation too. */
export function durationFlag(description: string, value: string, extra?: Extra): Flag<number> {
  return { ...make('duration', description, parseDuration(value), parseDuration, extra), defaultText: value };
}

/** A size as a Kubernetes quantity, in bytes; the default is given in that notation too. */
export function bytesFlag(description: string, value: string, extra?: Extra): Flag<number> {
  return { ...make('bytes', description, parseQuantity(value), parseQuantity, extra), defaultText: value };
}

/** Texts, given repeatedly or comma separated. */
export const listFlag = (description: string, value: readonly string[] = [], extra?: Extra): Flag<readonly string[]> =>
  make<readonly string[]>(
    'list',
    description,
    value,
    (text, previous) => [...(previous ?? []), ...text.split(',').filter(Boolean)],
    extra,
  );

/** What is wrong with one value, as a line for the user. */
export function flagProblem(name: string, text: string, thrown: unknown): string {
  return `--${name}=${text}: ${toFault(thrown).message}`;
}
