import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { environment } from './environment.ts';

/** A program that was started and has to be stopped again. */
export interface Process extends AsyncDisposable {
  readonly pid: number;
  readonly name: string;
  /** Settles when the program has ended. */
  readonly ended: Promise<unknown>;
  /** Whether it still runs. */
  alive(): boolean;
  /** Ends it by SIGKILL, as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
  /** The processes that it has started itself and that run now. */
  children(): Promise<number[]>;
  /** Stops it and its children where they are, by SIGSTOP: whoever talks to it sees a server that hangs. */
  halt(): Promise<void>;
  /** Lets them go on. */
  goOn(): Promise<void>;
}

export interface Start {
  /** Environment variables beside those of `environment`. */
  env?: Record<string, string>;
  cwd?: string;
  /** The file that gets stdout and stderr. */
  log: string;
}

/**
 * Starts a program that never outlives this process: it gets SIGKILL from the
 * kernel when this process ends, however it ends. Disposal stops it by
 * SIGTERM, and by SIGKILL after five seconds.
 */
export function start(name: string, command: string, args: string[], options: Start): Process {
  const out = openSync(options.log, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    stdio: ['ignore', out, out],
    env: environment(options.env),
    ...(options.cwd ? { cwd: options.cwd } : {}),
  });
  closeSync(out);
  let running = true;
  const ended = once(child, 'exit').then(
    () => (running = false),
    () => (running = false),
  );
  const stop = (signal: NodeJS.Signals): Promise<void> => endChild(child, ended, signal);
  return {
    pid: child.pid ?? -1,
    name,
    ended,
    alive: () => running,
    kill: () => stop('SIGKILL'),
    children: () => childrenOf(child.pid ?? -1),
    halt: () => signalAll(child.pid ?? -1, 'SIGSTOP'),
    goOn: () => signalAll(child.pid ?? -1, 'SIGCONT'),
    [Symbol.asyncDispose]: () => stop('SIGTERM'),
  };
}

/** Signals a process and, from there, all that it has started and that has not ended meanwhile. */
async function signalAll(pid: number, signal: NodeJS.Signals): Promise<void> {
  process.kill(pid, signal);
  for (const child of await childrenOf(pid)) await signalAll(child, signal).catch(unlessGone);
}

async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(unlessGone);
  return (children ?? '').split(' ').filter(Boolean).map(Number);
}

/** A server's workers come and go on their own: one that ended since it was listed is no failure. */
function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
}

async function endChild(child: ChildProcess, ended: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000);
  child.kill(signal);
  await ended;
  clearTimeout(impatience);
}
