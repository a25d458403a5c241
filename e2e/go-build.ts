import { run } from './run.ts';
import { despiteBadDays } from './transient.ts';

export interface GoBuild {
  /** The linker's flags; `-s` unless told. */
  ldflags?: string;
  /** Environment variables beside the ones of this process. */
  env?: Record<string, string>;
}

/** Builds the main package `source` of the Go module in `folder` into the file `path`, behind what people do on this machine. */
export async function goBuild(
  folder: string,
  path: string,
  source: string,
  { ldflags = '-s', env = {} }: GoBuild = {},
): Promise<void> {
  const build = ['go', 'build', '-trimpath', '-buildvcs=false', '-ldflags', ldflags, '-o', path, source];
  await despiteBadDays(() => run('nice', ['-n', '10', ...build], { cwd: folder, env: { GOWORK: 'off', ...env } }));
}
