import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.ts';
import { type Process, start } from './process.ts';
import { ready } from './ready.ts';

/** A real NATS server with JetStream of the test's own. */
export interface Nats extends AsyncDisposable {
  readonly port: number;
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  /** Ends it by SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Lets it hang, by SIGSTOP, until it may go on. */
  halt(): Promise<void>;
  goOn(): Promise<void>;
  /** Starts it again on the same port, with what it had stored. */
  restart(): Promise<void>;
  /** Lets a user do everything with this password only; the server is started again for it. */
  setPassword(user: string, password: string): Promise<void>;
}

export async function startNats(): Promise<Nats> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-nats-'));
  const [port = 0] = await freePorts(1);
  const passwords = new Map([['anyone', 'anyone']]);
  await writeFile(join(folder, 'nats.conf'), settings(passwords));
  let server = await startServer(folder, port);
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    kill: () => server.kill(),
    halt: () => server.halt(),
    goOn: () => server.goOn(),
    async restart() {
      await server[Symbol.asyncDispose]();
      server = await startServer(folder, port);
    },
    async setPassword(user, password) {
      passwords.set(user, password);
      await writeFile(join(folder, 'nats.conf'), settings(passwords));
      // Not by a reload: after one, this server's JetStream no longer answers some accounts.
      await server[Symbol.asyncDispose]();
      server = await startServer(folder, port);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(folder: string, port: number): Promise<Process> {
  const log = join(folder, 'nats.log');
  const args = ['-c', join(folder, 'nats.conf'), '-js', '-a', '127.0.0.1', '-p', `${port}`, '-sd', folder];
  const server = start('nats-server', 'nats-server', args, { log });
  return ready(server, log, () => greets(port));
}

/** Whoever says no name is let in as `anyone`. */
function settings(passwords: ReadonlyMap<string, string>): string {
  const users = [...passwords].map(([user, password]) => `{ user: ${user}, password: "${password}" }`);
  return `authorization { users: [${users.join(', ')}] }\nno_auth_user: anyone\n`;
}

function greets(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(undefined));
  });
}
