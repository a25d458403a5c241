import path from 'node:path';
import type { CliWorld } from './world.ts';

/** The user's folder for what the CLI keeps between runs. `OUTRIGGER_HOME` moves it. */
export function dataFolder(env: CliWorld['env']): string {
  if (env['OUTRIGGER_HOME']) return env['OUTRIGGER_HOME'];
  const base = env['XDG_DATA_HOME'] || path.join(env['HOME'] || '/tmp', '.local/share');
  return path.join(base, 'outrigger');
}

/** The sidecar's launcher that belongs to this CLI. */
export const daprdPath = path.resolve(import.meta.dirname, '../bin/daprd');
