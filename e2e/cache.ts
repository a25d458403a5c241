import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder, outside the checkout, where everything that is costly to make
 * again is kept: `$XDG_CACHE_HOME/outrigger`, else `~/.cache/outrigger`.
 */
export function cacheFolder(...path: string[]): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'outrigger', ...path);
}
