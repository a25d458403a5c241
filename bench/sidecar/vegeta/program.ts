import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '#e2e/cache.ts';
import { run } from '#e2e/run.ts';

const folder = import.meta.dirname;
const name = 'github.com/tsenart/vegeta/v12';

/** Builds vegeta, a generator that paces each request by itself, of the version in go.mod unless the cache has it. */
export async function vegetaProgram(): Promise<string> {
  const go = (...args: string[]) => run('go', args, { cwd: folder });
  const version = (await go('list', '-m', '-f', '{{.Version}}', name)).trim();
  const bin = cacheFolder(`vegeta-${version}`);
  const program = join(bin, 'vegeta');
  await mkdir(bin, { recursive: true });
  if (existsSync(program)) return program;
  await go('build', '-trimpath', '-ldflags=-s', '-o', `${program}.new`, name);
  await rename(`${program}.new`, program);
  return program;
}
