import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Binding, InvokeRequest, InvokeResponse } from '#contracts/binding.ts';
import { defineComponent } from '#contracts/component.ts';
import { text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';

const forbiddenRoots = ['/proc', '/sys', '/boot', '/var/run/secrets'];

export const component = defineComponent({
  type: 'bindings.localstorage',
  versions: ['v1'],
  title: 'Local storage',
  description: 'Reads and writes files below a folder of the sidecar. Names never lead out of it.',
  settings: z.object({ rootPath: text('The folder; it is made where it is missing.') }),
  open: ({ rootPath }) => openLocalStorage(rootPath),
});

type Operation = (file: string, request: InvokeRequest, root: string) => Promise<InvokeResponse>;

/** Throws `invalid-metadata` for a folder that cannot be used. */
export async function openLocalStorage(rootPath: string): Promise<Binding> {
  const root = await rootOf(rootPath);
  return {
    operations: Object.keys(operations),
    async invoke(request) {
      const run = operations[request.operation];
      if (!run) throw new Error(`unsupported operation ${request.operation}`);
      const given = request.metadata?.['fileName'] ?? '';
      const name = given === '' && request.operation === 'create' ? randomUUID() : given;
      return await run(await within(root, name), request, root);
    },
    async [Symbol.asyncDispose]() {},
  };
}

const operations: Readonly<Record<string, Operation>> = {
  async create(file, { data }, root) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, decoded(data));
    return { data: json({ fileName: path.relative(root, file) }) };
  },
  async get(file) {
    try {
      return { data: await readFile(file) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        throw fault('not-found', `file not found: ${file}`, { cause: error });
      throw error;
    }
  },
  async list(file) {
    if (!(await stat(file)).isDirectory()) {
      throw new Error(`unable to list files as the file specified is not a directory: ${file}`);
    }
    const entries = await readdir(file, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name));
    return { data: json(files.length > 0 ? files.sort() : null) };
  },
  async delete(file) {
    await rm(file);
    return {};
  },
};

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** A JSON text stands for itself, and base64 for the bytes it holds, as in Dapr. */
function decoded(data: Uint8Array): Uint8Array {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let text = bytes.toString();
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'string') text = parsed;
    else return bytes;
  } catch {
    return isBase64(text) ? Buffer.from(text, 'base64') : bytes;
  }
  return isBase64(text) ? Buffer.from(text, 'base64') : Buffer.from(text);
}

const isBase64 = (text: string) =>
  text.length % 4 === 0 &&
  /^[A-Za-z0-9+/]*={0,2}$/.test(text) &&
  Buffer.from(text, 'base64').toString('base64') === text;

async function rootOf(rootPath: string): Promise<string> {
  try {
    await mkdir(rootPath, { recursive: true });
    const root = await realpath(rootPath);
    if (!forbiddenRoots.some((one) => root === one || root.startsWith(`${one}/`))) return root;
  } catch (cause) {
    throw fault('invalid-metadata', `rootPath ${rootPath} cannot be used: ${(cause as Error).message}`, { cause });
  }
  throw fault('invalid-metadata', 'property rootPath points to a disallowed location');
}

/** The path of a name below the root: dots cannot climb out of it, nor can links. */
async function within(root: string, name: string): Promise<string> {
  const wanted = path.join(root, path.join('/', name));
  let existing = wanted;
  for (;;) {
    try {
      const real = await realpath(existing);
      if (real !== root && !real.startsWith(`${root}${path.sep}`)) throw new Error(`${name} leads out of the root`);
      return path.join(real, path.relative(existing, wanted));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existing === root) throw error;
      existing = path.dirname(existing);
    }
  }
}
