import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { run } from '../run.ts';

const folder = import.meta.dirname;
const receiver = 'go.opentelemetry.io/collector/receiver/otlpreceiver';

/** Builds the OpenTelemetry Collector of the version in go.mod, unless the cache has it; answers its path. */
export async function collectorProgram(): Promise<string> {
  const go = (...args: string[]) => run('go', args, { cwd: folder });
  const version = (await go('list', '-m', '-f', '{{.Version}}', receiver)).trim();
  const bin = cacheFolder(`otel-collector-${version}`);
  const program = join(bin, 'collector');
  await mkdir(bin, { recursive: true });
  if (await exists(program)) return program;
  await go('build', '-trimpath', '-ldflags=-s', '-o', `${program}.new`, '.');
  await rename(`${program}.new`, program);
  return program;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
