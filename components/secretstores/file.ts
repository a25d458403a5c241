import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import type { SecretStore, SecretValues } from '#contracts/secret.ts';
import { text, truth } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { isFields } from '#kit/values/fields.ts';

export const component = defineComponent({
  type: 'secretstores.local.file',
  versions: ['v1'],
  title: 'Local file',
  description: 'Reads secrets from a JSON file, once, at the start. For development: the file is not encrypted.',
  settings: z.object({
    secretsFile: text('Path of the JSON file, from the working directory of the sidecar.'),
    nestedSeparator: text('Between the names of nested objects.').default(':'),
    multiValued: truth('Makes each top-level object one secret of several values.').default(false),
  }),
  open: async (settings) => storeOf(await load(settings.secretsFile), settings),
});

/** The store for a parsed file. */
export function storeOf(
  file: Readonly<Record<string, unknown>>,
  { nestedSeparator, multiValued }: { nestedSeparator: string; multiValued: boolean },
): SecretStore {
  const secrets = new Map<string, SecretValues>();
  for (const [name, value] of Object.entries(file)) {
    if (!multiValued)
      for (const [path, leaf] of flatten(name, value, nestedSeparator)) secrets.set(path, { [path]: leaf });
    else if (typeof value === 'string') secrets.set(name, { [name]: value });
    else if (isFields(value)) secrets.set(name, Object.fromEntries(leavesOf(value, nestedSeparator)));
  }
  return {
    traits: multiValued ? ['MULTIPLE_KEY_VALUES_PER_SECRET'] : [],
    async get({ name }) {
      const values = secrets.get(name);
      if (values === undefined) throw fault('not-found', `secret ${name} not found`);
      return values;
    },
    bulkGet: async () => Object.fromEntries(secrets),
    async [Symbol.asyncDispose]() {},
  };
}

async function load(path: string): Promise<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // A JSON error quotes the text around it, which is a secret.
    const why = error instanceof SyntaxError ? 'it is not valid JSON' : (error as Error).message;
    throw fault('invalid-metadata', `secretsFile ${path} cannot be read: ${why}`);
  }
  if (!isFields(parsed)) throw fault('invalid-metadata', `secretsFile ${path} must hold a JSON object`);
  return parsed;
}

const leavesOf = (value: object, separator: string): [string, string][] =>
  Object.entries(value).flatMap(([name, inner]) => flatten(name, inner, separator));

/** Objects by name and arrays by index, down to the leaves. */
function flatten(path: string, value: unknown, separator: string): [path: string, leaf: string][] {
  if (typeof value !== 'object' || value === null) return [[path, value === null ? '' : String(value)]];
  return leavesOf(value, separator).map(([rest, leaf]) => [`${path}${separator}${rest}`, leaf]);
}
