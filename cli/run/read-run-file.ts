import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '#kit/errors/fault.ts';
import type { CliWorld } from '../world.ts';
import { parseRunFile, type RunApp } from './template.ts';

/** The apps of a run file, of the `dapr.yaml` in a folder or, for `-`, of standard input. */
export async function readRunFile(file: string, { cwd, env }: Pick<CliWorld, 'cwd' | 'env'>): Promise<RunApp[]> {
  const { parse } = await import('yaml');
  const full = file === '-' ? '/dev/stdin' : await fileIn(path.resolve(cwd, file));
  const text = await readFile(full, 'utf8').catch((cause) => {
    throw fault('not-found', `cannot read the run file ${full}: ${cause.code ?? cause.message}`, { cause });
  });
  const folder = file === '-' ? cwd : path.dirname(full);
  return parseRunFile(parsed(parse, text, file), file, { folder, home: env['HOME'] ?? '~', exists: existsSync });
}

const fileIn = async (place: string): Promise<string> =>
  (await stat(place).catch(() => undefined))?.isDirectory() ? path.join(place, 'dapr.yaml') : place;

function parsed(parse: (text: string) => unknown, text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw fault('invalid-config', `${file} is no YAML: ${(cause as Error).message}`, { cause });
  }
}
