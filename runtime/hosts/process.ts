import { type ChildProcess, fork, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Host, HostContext } from './host.ts';
import { socketTransport } from './socket.ts';

const shortestPauseMs = 200;
const longestPauseMs = 30_000;
/** A process that has run this long starts over with the shortest pause. */
const healthyMs = 60_000;
const graceMs = 5_000;

/** The component host as source, or as the bundle beside the sidecar's. */
const programs = ['../../components/host/main.ts', '../component-host/start.cjs'];

/** Runs the component in a process of its own, which is started again when it ends. */
export const processHost: Host = async (component, context) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'outrigger-component-'));
  const socket = path.join(folder, 'component.sock');
  const args = [`--type=${component.type}`, `--version-of-type=${component.version || 'v1'}`, `--socket=${socket}`];
  const child = supervise(component.name, componentProgram(), args, context);
  const transport = socketTransport(socket, component.name);
  return {
    ...transport,
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await child[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

function componentProgram(): string {
  const found = programs.map((program) => path.resolve(import.meta.dirname, program)).find((file) => existsSync(file));
  if (found === undefined)
    throw fault('invalid-config', 'components cannot run in processes: the component host is not installed');
  return found;
}

/** This process's flags of Node, but for the one that has it run the sidecar (tools/snapshot). */
const flags = () => process.execArgv.filter((flag) => !flag.startsWith('--snapshot-blob'));

/** Keeps the process running until the signal aborts or it is disposed of. */
function supervise(
  name: string,
  program: string,
  args: readonly string[],
  { log, signal, env }: HostContext,
): AsyncDisposable {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let pause = shortestPauseMs;
  let stopped = false;
  const start = () => {
    const startedAt = performance.now();
    // The channel tells the child when this process is gone.
    const stdio: StdioOptions = ['ignore', 'inherit', 'inherit', 'ipc'];
    child = fork(program, args, { stdio, execArgv: flags(), env: environmentOf(env) });
    child.once('error', (error) => log.error(`component ${name}: its process cannot be started: ${error.message}`));
    child.once('exit', (code, by) => {
      if (stopped) return;
      if (performance.now() - startedAt > healthyMs) pause = shortestPauseMs;
      log.warn(`component ${name}: its process ended (${by ?? code}); starting it again in ${pause} ms`);
      timer = setTimeout(start, pause);
      pause = Math.min(pause * 2, longestPauseMs);
    });
  };
  const stop = async () => {
    stopped = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', stopNow);
    if (child) await end(child, log);
  };
  const stopNow = () => void stop();
  signal.addEventListener('abort', stopNow, { once: true });
  start();
  return { [Symbol.asyncDispose]: stop };
}

async function end(child: ChildProcess, log: Logger): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const kill = setTimeout(() => {
    log.warn(`component process ${child.pid} did not end within ${graceMs} ms; killing it`);
    child.kill('SIGKILL');
  }, graceMs);
  await exited;
  clearTimeout(kill);
}

/** The tokens between sidecar, app and users are no business of components. */
function environmentOf(env: HostContext['env']): NodeJS.ProcessEnv {
  const { DAPR_API_TOKEN: _api, APP_API_TOKEN: _app, ...rest } = env;
  return rest;
}
