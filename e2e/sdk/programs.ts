import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { cachedProgram } from '../cached-program.ts';
import { goBuild } from '../go-build.ts';
import { locked } from '../lock.ts';
import { run } from '../run.ts';
import { despiteBadDays } from '../transient.ts';

/** How to start the app of each SDK: a command and its arguments. */
export type SdkPrograms = Record<'go' | 'python' | 'javascript', [command: string, ...args: string[]]>;

const folder = import.meta.dirname;

/** The apps of the official SDKs, in the versions their files name; built and installed unless the cache has them. */
export async function sdkPrograms(node: string): Promise<SdkPrograms> {
  const [go, python] = await Promise.all([goProgram(), pythonInterpreter()]);
  return {
    go: [go],
    python: [python, join(folder, 'python', 'app.py')],
    javascript: [node, join(folder, 'javascript', 'app.ts')],
  };
}

async function goProgram(): Promise<string> {
  const source = join(folder, 'go');
  const version = await digest(join(source, 'go.sum'), join(source, 'main.go'));
  return cachedProgram(`sdk-go-${version}`, 'app', (path) => goBuild(source, path, '.'));
}

/** A virtual environment is made in its place, as its scripts name it; `complete` is there when all is in it. */
async function pythonInterpreter(): Promise<string> {
  const requirements = join(folder, 'python', 'requirements.txt');
  const environment = cacheFolder(`sdk-python-${await digest(requirements)}`);
  const python = join(environment, 'bin', 'python3');
  const complete = join(environment, 'complete');
  if (await exists(complete)) return python;
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
  return locked(environment, async () => {
    if (await exists(complete)) return python;
    await rm(environment, { recursive: true, force: true });
    await mkdir(environment, { recursive: true });
    await run('python3', ['-m', 'venv', environment]);
    await despiteBadDays(() => run(python, install));
    await mkdir(complete);
    return python;
  });
}

async function digest(...files: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
