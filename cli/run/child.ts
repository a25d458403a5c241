import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { fault } from '#kit/errors/fault.ts';
import type { ChildSpec } from './plan.ts';

/** A started process of ours. */
export type Child = {
  pid: number;
  stdout: Readable;
  stderr: Readable;
  /** Its exit code; 128 + number where a signal ended it, as shells count. */
  ended: Promise<number>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
};

/** Starts a process in this process' group. Rejects with `not-found` when the command cannot be started, naming it. */
export function startChild(spec: ChildSpec, inherited: NodeJS.ProcessEnv, stdin: 'inherit' | 'ignore'): Promise<Child> {
  return new Promise((resolve, reject) => {
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { ...inherited, ...spec.env },
      stdio: [stdin, 'pipe', 'pipe'],
    });
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(fault('not-found', `cannot start "${spec.command}" in ${spec.cwd}: ${reasonOf(cause)}`, { cause })),
    );
    child.once('spawn', () => resolve(started(child)));
  });
}

const reasonOf = ({ code, message }: NodeJS.ErrnoException): string =>
  code === 'ENOENT' ? 'there is no such command, or no such folder' : (code ?? message);

function started(child: ChildProcess): Child {
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
  return {
    pid: child.pid!,
    stdout: child.stdout!,
    stderr: child.stderr!,
    ended,
    kill: (signal) => void child.kill(signal),
  };
}
