import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { run } from './run.ts';

/**
 * Builds the main package `source` of the version that go.mod in `folder` has, unless the cache has it; answers its path.
 * `module` is what the version is taken of, where the package is not a module's root.
 */
export async function goProgram(name: string, folder: string, source: string, module = source): Promise<string> {
  const go = (...args: string[]) => run('go', args, { cwd: folder });
  const version = (await go('list', '-m', '-f', '{{.Version}}', module)).trim();
  const bin = cacheFolder(`${name}-${version}`);
  const program = join(bin, name);
  await mkdir(bin, { recursive: true });
  if (await exists(program)) return program;
  await go('build', '-trimpath', '-ldflags=-s', '-o', `${program}.new`, source);
  await rename(`${program}.new`, program);
  return program;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
