import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { imageEnvironment } from './image-environment.ts';

/**
 * Runs a bundle once, under the flags of its image, so that its compiled code lies in `<bundle>/compiled`; Node reads
 * it from there (bin/compile-cache.cjs) whenever the bundle starts, whoever starts it.
 */
export async function bakeCompiled(bundle: string): Promise<void> {
  const compiled = path.join(bundle, 'compiled');
  mkdirSync(compiled);
  const env = { ...process.env, ...imageEnvironment() };
  await promisify(execFile)(process.execPath, [path.join(bundle, 'start.cjs'), '--version'], { env });
  // Node writes them for itself alone; images run as another user.
  for (const entry of readdirSync(compiled, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) chmodSync(path.join(entry.parentPath, entry.name), 0o644);
  }
}
