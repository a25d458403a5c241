import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import { text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { type KeyForm, parseKey } from './local-key.ts';
import { type FindKey, localProvider } from './local-provider.ts';

export const component = defineComponent({
  type: 'crypto.dapr.localstorage',
  versions: ['v1'],
  title: 'Local storage',
  description:
    'Takes keys from files of a folder, each named by its file: a JWK (.json), PEM (.pem), or the bytes of a symmetric key. A changed file counts from its next use.',
  settings: z.object({
    path: text('Folder of the keys.', { whenMissing: "metadata property 'path' is required" }),
  }),
  open: async ({ path: folder }) => {
    const found = await stat(folder).catch((cause) => {
      throw fault('invalid-metadata', `path: cannot read ${folder}: ${cause.code}`, { cause });
    });
    if (!found.isDirectory()) throw fault('invalid-metadata', `path: ${folder} is not a folder`);
    return localProvider(keysIn(folder));
  },
});

const forms: Readonly<Record<string, KeyForm>> = { '.json': 'jwk', '.pem': 'pem' };

function keysIn(folder: string): FindKey {
  return async (name, signal) => {
    // Names are of callers: they must not lead out of the folder.
    if (name.includes('..') || name.includes('\0')) {
      throw fault('bad-request', `key ${JSON.stringify(name)}: the name must not hold ".."`);
    }
    const file = path.join(folder, name);
    const bytes = await readFile(file, { signal }).catch((cause: NodeJS.ErrnoException) => {
      throw fault('not-found', `key ${name} cannot be read from ${folder}: ${cause.code ?? cause.message}`, { cause });
    });
    return parseKey(bytes, forms[path.extname(file).toLowerCase()]);
  };
}
