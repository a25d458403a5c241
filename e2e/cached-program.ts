import { access, mkdir, rename } from 'node:fs/promises';
import { cacheFolder } from './cache.ts';
import { locked } from './lock.ts';

/**
 * The path of the program `name` in the folder of the cache that says its version. Where it is not there yet `build`
 * makes it, at the path it is given; of several processes that want it, one.
 */
export async function cachedProgram(
  folder: string,
  name: string,
  build: (path: string) => Promise<unknown>,
): Promise<string> {
  const program = cacheFolder(folder, name);
  if (await exists(program)) return program;
  await mkdir(cacheFolder(folder), { recursive: true });
  return locked(program, async () => {
    if (await exists(program)) return program;
    await build(`${program}.new`);
    await rename(`${program}.new`, program);
    return program;
  });
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
