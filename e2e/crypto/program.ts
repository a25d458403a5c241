import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedProgram } from '../cached-program.ts';
import { goBuild } from '../go-build.ts';

const folder = import.meta.dirname;

/** Builds Dapr's own encryption scheme as a program (see main.go), unless the cache has it; answers its path. */
export async function cryptoProgram(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.sum', 'main.go']) hash.update(await readFile(join(folder, file)));
  const version = hash.digest('hex').slice(0, 12);
  return cachedProgram(`dapr-crypto-${version}`, 'crypto', (path) => goBuild(folder, path, '.'));
}
