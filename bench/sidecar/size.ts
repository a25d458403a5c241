import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './result.ts';
import { row } from './rows.ts';

const dist = join(import.meta.dirname, '..', '..', 'dist');

/** What the sidecar's image is made of (Dockerfile): Node and its libraries, the bundles, a launcher per component. */
const image = ['root', 'daprd', 'component-host', 'components'];

/**
 * Bytes on disk: of the sidecar's bundle, beside the peer's program where one is named; and of all that is in our image,
 * where `npm run bundle` has laid it out.
 */
export function measureSize(peer: string | undefined): Row[] {
  const program = { outrigger: [mebibytes(join(dist, 'daprd'))], ...(peer ? { daprd: [mebibytes(peer)] } : {}) };
  const rows = [row('size of the program', 'MiB', program)];
  const parts = image.map((name) => join(dist, name));
  if (parts.every((part) => existsSync(part))) {
    const whole = parts.reduce((sum, part) => sum + mebibytes(part), 0);
    rows.push(row('size of the image, unpacked', 'MiB', { outrigger: [whole] }));
  }
  return rows;
}

function mebibytes(target: string): number {
  const found = lstatSync(target);
  if (!found.isDirectory()) return found.size / 2 ** 20;
  return readdirSync(target).reduce((sum, name) => sum + mebibytes(join(target, name)), 0);
}
