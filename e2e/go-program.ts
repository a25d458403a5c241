import { cachedProgram } from './cached-program.ts';
import { goBuild } from './go-build.ts';
import { run } from './run.ts';
import { despiteBadDays } from './transient.ts';

/**
 * Builds the main package `source` of the version that go.mod in `folder` has, unless the cache has it; answers its path.
 * `module` is what the version is taken of, where the package is not a module's root.
 */
export async function goProgram(name: string, folder: string, source: string, module = source): Promise<string> {
  const list = ['list', '-m', '-f', '{{.Version}}', module];
  const version = (await despiteBadDays(() => run('go', list, { cwd: folder }))).trim();
  return cachedProgram(`${name}-${version}`, name, (path) => goBuild(folder, path, source));
}
