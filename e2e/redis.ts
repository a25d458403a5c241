import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.ts';
import { type Process, start } from './process.ts';
import { ready } from './ready.ts';
import { run } from './run.ts';

/** A real redis-server of the test's own. */
export interface Redis extends AsyncDisposable {
  readonly port: number;
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  /** Starts it again on the same port, with the data it had written; stops it first if it runs. */
  restart(): Promise<void>;
  /** Ends it by SIGKILL, as a crash would. Every acknowledged write is in its append-only file. */
  kill(): Promise<void>;
  /** Lets it hang, by SIGSTOP, until it may go on. */
  halt(): Promise<void>;
  goOn(): Promise<void>;
  /** Lets a user do everything with this password only; kept through restarts. */
  setPassword(user: string, password: string): Promise<void>;
}

/** Starts redis-server on a free port of 127.0.0.1, every write synced to its append-only file. */
export async function startRedis({ args = [] }: { args?: string[] } = {}): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-redis-'));
  const [port = 0] = await freePorts(1);
  await writeFile(join(folder, 'users.acl'), '');
  let server = await startServer(folder, port, args);

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: () => server.kill(),
    halt: () => server.halt(),
    goOn: () => server.goOn(),
    async setPassword(user, password) {
      const rules = ['reset', 'on', `>${password}`, '~*', '&*', '+@all'];
      await run('redis-cli', ['-e', '-p', `${port}`, 'ACL', 'SETUSER', user, ...rules]);
      await run('redis-cli', ['-e', '-p', `${port}`, 'ACL', 'SAVE']);
    },
    async restart() {
      await server[Symbol.asyncDispose]();
      server = await startServer(folder, port, args);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(folder: string, port: number, extra: string[]): Promise<Process> {
  const log = join(folder, 'redis.log');
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--aclfile', 'users.acl'];
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
  const server = start('redis-server', 'redis-server', [...args, ...durable, ...extra], { log });
  return ready(server, log, () => answersPing(port));
}

function answersPing(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (data) => {
      // With a password set it answers -NOAUTH, which is an answer too.
      resolve(/^(\+PONG|-NOAUTH)/.test(data.toString()) ? true : undefined);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(undefined));
  });
}
