import { z } from 'zod';
import { fault } from '#kit/errors/fault.ts';
import { formatDuration, parseDuration } from '#kit/values/duration.ts';
import { nearest } from '#kit/values/nearest.ts';
import { parseQuantity } from '#kit/values/quantity.ts';
import { isTruthy } from '#kit/values/truthy.ts';

/** What a setting is besides its type: read by the parser, the docs and the validation webhook. */
export type SettingMeta = {
  /** How its text is written, for the docs. */
  form: string;
  /** Never shown in an error or a log. */
  secret?: boolean;
  /** Other names that mean the same, from older manifests. */
  aliases?: readonly string[];
  example?: string;
  /** What to say when it is missing, where Dapr's component says it in words of its own. */
  whenMissing?: string;
  /** The text of a value that was read, where it is not the value itself. */
  write?: (value: unknown) => string;
};

type Extra = Omit<SettingMeta, 'form' | 'write'>;

function field<T>(
  form: string,
  about: string,
  extra: Extra,
  read: (text: string) => T,
  write?: (value: unknown) => string,
) {
  return z
    .string()
    .transform((text, context): T => {
      try {
        return read(text);
      } catch (error) {
        context.addIssue({
          code: 'custom',
          message: extra.secret ? `is not a valid ${form}` : (error as Error).message,
        });
        return z.NEVER;
      }
    })
    .meta({ description: about, form, ...(write && { write }), ...extra });
}

/** Any text. */
export const text = (about: string, extra: Extra = {}) => field('text', about, extra, (value) => value);

/** A text that must not be shown, such as a password. */
export const secret = (about: string, extra: Extra = {}) =>
  field('text', about, { ...extra, secret: true }, (value) => value);

/** Dapr's lenient boolean: `y yes true t on 1` in any case; other texts are false. */
export const truth = (about: string, extra: Extra = {}) => field('boolean', about, extra, isTruthy);

/** A Go duration, or a bare whole number of the unit given; in milliseconds. */
export const duration = (about: string, bare: 's' | 'ms' = 's', extra: Extra = {}) =>
  field(
    `duration (a bare number is in ${bare})`,
    about,
    extra,
    (value) => (/^-?\d+$/.test(value.trim()) ? Number(value) * (bare === 's' ? 1000 : 1) : parseDuration(value)),
    (value) => formatDuration(Number(value)),
  );

/** A whole number within bounds. */
export const integer = (
  about: string,
  {
    min = Number.MIN_SAFE_INTEGER,
    max = Number.MAX_SAFE_INTEGER,
    ...extra
  }: Extra & { min?: number; max?: number } = {},
) =>
  field('whole number', about, extra, (value) => {
    const number = /^[+-]?\d+$/.test(value.trim()) ? Number(value) : Number.NaN;
    if (Number.isNaN(number)) throw new Error(`"${value}" is not a whole number`);
    if (number < min || number > max) throw new Error(`${number} is not within ${min} and ${max}`);
    return number;
  });

/** A certificate or key as PEM text. */
export const pem = (about: string, extra: Extra = {}) =>
  field('PEM', about, extra, (value) => {
    if (!/-----BEGIN [A-Z0-9 ]+-----[\s\S]+-----END/.test(value)) throw new Error('is not PEM');
    return value;
  });

/** A Kubernetes quantity (`4Mi`), in bytes. */
export const bytes = (about: string, extra: Extra = {}) => field('quantity', about, extra, parseQuantity);

/** One of some words, in any case. */
export const choice = <const W extends readonly [string, ...string[]]>(about: string, words: W, extra: Extra = {}) =>
  field(words.join(', '), about, extra, (value): W[number] => {
    const found = words.find((word) => word.toLowerCase() === value.trim().toLowerCase());
    if (found === undefined) throw new Error(`"${value}" is none of ${words.join(', ')}`);
    return found;
  });

/** Words with commas between, blanks trimmed. */
export const list = (about: string, extra: Extra = {}) =>
  field('list with commas', about, extra, (value) =>
    value
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  );

/** A setting of Dapr's component that changes nothing here; `why` says so in the docs. */
export const unused = (why: string, extra: Extra = {}) =>
  field('any', `No effect: ${why}`, extra, (value) => value).optional();

/** A setting of Dapr's component for what is not offered here: refused, rather than passed over in silence. */
export const refused = (why: string, extra: Extra = {}) =>
  field('none', `Not offered: ${why}`, extra, () => {
    throw new Error(`not offered here: ${why}`);
  }).optional();

/** {@link refused} where it is switched on. */
export const refusedTruth = (why: string, extra: Extra = {}) =>
  field('boolean', `Not offered: ${why}`, extra, (value) => {
    if (isTruthy(value)) throw new Error(`not offered here: ${why}`);
    return false;
  }).optional();

/** The record of {@link SettingMeta} a schema carries, through `optional()` and `default()`. */
export function settingMeta(schema: z.ZodType): (SettingMeta & { description: string }) | undefined {
  for (let at: z.ZodType | undefined = schema; at; at = (at.def as { innerType?: z.ZodType }).innerType) {
    const meta = at.meta();
    if (meta && 'form' in meta) return meta as unknown as SettingMeta & { description: string };
  }
  return undefined;
}

export type ParsedSettings<S extends z.ZodObject> = {
  settings: z.output<S>;
  /** Names nothing is known of, with the name that was perhaps meant. Manifests carry settings of other layers too. */
  unknown: readonly { name: string; meant: string | undefined }[];
};

/**
 * Reads a component's metadata. Names ignore case; an empty value counts as absent, as in Dapr; a schema with a
 * `catchall` takes names of any kind. Throws
 * `invalid-metadata` which names every wrong or missing setting at once, and never shows a secret.
 */
export function parseSettings<S extends z.ZodObject>(
  type: string,
  schema: S,
  metadata: Readonly<Record<string, string>>,
): ParsedSettings<S> {
  const { input, unknown, result } = readSettings(schema, metadata);
  if (!result.success) {
    const strangers = unknown.map(({ name }) => name);
    const problems = result.error.issues.map((issue) => problem(issue, input, strangers, schema));
    throw fault('invalid-metadata', `${type}: ${problems.join('; ')}`);
  }
  return { settings: result.data, unknown };
}

/**
 * What is wrong with a component's metadata as far as it can be known: settings in `elsewhere` are given, but their
 * values are not at hand. A name that is nearly one of the schema's counts as wrong.
 */
export function settingProblems(
  schema: z.ZodObject,
  metadata: Readonly<Record<string, string>>,
  elsewhere: readonly string[],
): string[] {
  const given = Object.fromEntries(elsewhere.map((name) => [name, 'elsewhere']));
  const { input, unknown, result } = readSettings(schema, { ...metadata, ...given });
  const names = canonicalNames(schema);
  const unread = new Set(elsewhere.map((name) => names.get(name.toLowerCase())));
  const issues = result.success ? [] : result.error.issues;
  const known = issues.filter(({ path }) => (path.length > 0 ? !unread.has(String(path[0])) : unread.size === 0));
  const strangers = unknown.map(({ name }) => name);
  const missing = known.map((issue) => problem(issue, input, strangers, schema));
  const misspelt = unknown
    .filter(({ name, meant }) => meant !== undefined && !missing.some((text) => text.includes(`"${name}"`)))
    .map(({ name, meant }) => `${name} is unknown: did you mean "${meant}"?`);
  return [...missing, ...misspelt];
}

function readSettings<S extends z.ZodObject>(schema: S, metadata: Readonly<Record<string, string>>) {
  const names = canonicalNames(schema);
  const takesAny = schema.def.catchall !== undefined;
  const input: Record<string, string> = {};
  const strangers: string[] = [];
  for (const [name, value] of Object.entries(metadata)) {
    const canonical = names.get(name.toLowerCase()) ?? (takesAny ? name : undefined);
    if (canonical === undefined) strangers.push(name);
    else if (value !== '') input[canonical] ??= value;
  }
  const known = Object.keys(schema.shape);
  const unknown = strangers.map((name) => ({ name, meant: nearest(name, known) }));
  return { input, unknown, result: schema.safeParse(input) };
}

function canonicalNames(schema: z.ZodObject): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, type] of Object.entries(schema.shape)) {
    for (const alias of settingMeta(type as z.ZodType)?.aliases ?? []) names.set(alias.toLowerCase(), name);
  }
  for (const name of Object.keys(schema.shape)) names.set(name.toLowerCase(), name);
  return names;
}

function problem(
  issue: z.core.$ZodIssue,
  input: Record<string, string>,
  strangers: readonly string[],
  schema: z.ZodObject,
): string {
  const name = String(issue.path[0] ?? '');
  if (name === '') return issue.message;
  if (name in input) return `${name}: ${issue.message}`;
  const meant = nearest(name, strangers);
  if (meant !== undefined) return `${name} is missing: did you misspell it as "${meant}"?`;
  return settingMeta(schema.shape[name] as z.ZodType)?.whenMissing ?? `${name} is missing`;
}
