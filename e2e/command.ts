import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { binaries, isBuilt } from './cluster/binaries.ts';
import { type Progress, silent } from './progress.ts';

const builtWith = { kubectl: 'kubernetes', helm: 'helm' } as const;

/**
 * The path of kubectl or helm: the test bed's own where it is built already, else the one on the PATH, so that who
 * brings a cluster need not wait for a build; else the test bed's own, built now, which `progress` tells.
 */
export async function command(name: keyof typeof builtWith, progress: Progress = silent): Promise<string> {
  const program = builtWith[name];
  if (!(await isBuilt(program))) {
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      const path = join(folder, name);
      if (
        await access(path, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return path;
    }
  }
  return join(await binaries(program, progress), name);
}
