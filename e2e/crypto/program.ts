import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { run } from '../run.ts';

const folder = import.meta.dirname;

/** Builds Dapr's own encryption scheme as a program (see main.go), unless the cache has it; answers its path. */
export async function cryptoProgram(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.sum', 'main.go']) hash.update(await readFile(join(folder, file)));
  const bin = cacheFolder(`dapr-crypto-${hash.digest('hex').slice(0, 12)}`);
  const program = join(bin, 'crypto');
  await mkdir(bin, { recursive: true });
  if (await exists(program)) return program;
  await run('go', ['build', '-trimpath', '-ldflags=-s', '-o', `${program}.new`, '.'], { cwd: folder });
  await rename(`${program}.new`, program);
  return program;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
