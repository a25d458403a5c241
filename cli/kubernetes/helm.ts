import { spawn } from 'node:child_process';
import path from 'node:path';
import { fault } from '#kit/errors/fault.ts';
import type { CliWorld } from '../world.ts';

/** The chart that belongs to this CLI. */
export const chartPath = path.resolve(import.meta.dirname, '../../charts/outrigger');

/** Runs a program with the user's terminal; answers its exit code. Rejects with `not-found` where it is not installed. */
export function runProgram(program: string, args: readonly string[], world: CliWorld): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: world.env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        fault('not-found', `cannot start ${program} (${cause.code}): install it, or put it on the PATH`, { cause }),
      ),
    );
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
