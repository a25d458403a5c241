import { appendFile, chmod, copyFile, glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { KeyPair } from './cluster/authority.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './ports.ts';
import { type Process, start } from './process.ts';
import { ready } from './ready.ts';
import { run } from './run.ts';

/** A real PostgreSQL of the test's own, with a superuser `postgres` whose password is `secret`. */
export interface Postgres extends AsyncDisposable {
  readonly port: number;
  /** `host=… user=… password=… dbname=… port=…` */
  readonly connectionString: string;
  /** Ends it by SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Lets it hang, by SIGSTOP, until it may go on. */
  halt(): Promise<void>;
  goOn(): Promise<void>;
  /** Starts it again on the same port, with its data. */
  restart(): Promise<void>;
  /** Makes a superuser with this password, or gives it this one. */
  setPassword(user: string, password: string): Promise<void>;
}

/** Debian keeps the server's programs apart from the PATH, by version; a client alone has a folder there too. */
const servers = '/usr/lib/postgresql/*/bin/postgres';

/** Starts a server on a free port of 127.0.0.1; with `tls` it takes no other connections. It runs as `nobody`, as it refuses to run as root. */
export async function startPostgres({ tls }: { tls?: KeyPair } = {}): Promise<Postgres> {
  const programs = dirname((await Array.fromAsync(glob(servers))).sort().at(-1) ?? '');
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-postgres-'));
  const data = join(folder, 'data');
  await run('chown', ['nobody', folder]);
  await writeFile(join(folder, 'password'), 'secret');
  await run('setpriv', [
    ...[...asNobody, join(programs, 'initdb'), '-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--no-sync'],
    // Not the caller's locale, which a small machine need not have.
    ...[`--pwfile=${join(folder, 'password')}`, '--locale=C', '--encoding=UTF8'],
  ]);
  if (tls) await insistOnTls(data, tls);
  const [port = 0] = await freePorts(1);
  let server = await startServer(programs, folder, port);
  return {
    port,
    connectionString: `host=127.0.0.1 port=${port} user=postgres password=secret dbname=postgres`,
    kill: () => withWorkers(server, () => server.kill()),
    halt: () => server.halt(),
    goOn: () => server.goOn(),
    async restart() {
      await withWorkers(server, () => server[Symbol.asyncDispose]());
      await rm(join(data, 'postmaster.pid'), { force: true });
      server = await startServer(programs, folder, port);
    },
    async setPassword(user, password) {
      const role = `SELECT FROM pg_roles WHERE rolname = '${user}'`;
      const change = `${user} WITH SUPERUSER LOGIN PASSWORD '${password}'`;
      const block = `DO $do$ BEGIN IF EXISTS (${role}) THEN ALTER ROLE ${change}; ELSE CREATE ROLE ${change}; END IF; END $do$`;
      await run('psql', ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'postgres', '-q', '-c', block], {
        env: { PGPASSWORD: 'secret' },
      });
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Ends a server and waits for its workers, which end by themselves a moment after one that was killed: until then they
 * hold memory that keeps the next server off the data.
 */
async function withWorkers(server: Process, end: () => PromiseLike<void>): Promise<void> {
  const workers = await server.children();
  await end();
  await eventually('the workers of a PostgreSQL to end', async () =>
    (await Promise.all(workers.map(hasEnded))).every(Boolean) ? true : undefined,
  );
}

/** One that nobody waits for stays listed as a zombie. */
async function hasEnded(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return state === '' || /\) [ZX] /.test(state);
}

async function insistOnTls(data: string, { cert, key }: KeyPair): Promise<void> {
  await copyFile(cert, join(data, 'server.crt'));
  await copyFile(key, join(data, 'server.key'));
  await chmod(join(data, 'server.key'), 0o600);
  await run('chown', ['nobody', join(data, 'server.crt'), join(data, 'server.key')]);
  await appendFile(join(data, 'postgresql.conf'), 'ssl = on\n');
  await writeFile(join(data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 scram-sha-256\n');
}

const asNobody = ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', '--'];

async function startServer(programs: string, folder: string, port: number): Promise<Process> {
  const log = join(folder, 'postgres.log');
  const settings = [
    '-c',
    `port=${port}`,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${folder}`,
    '-c',
    'fsync=off',
  ];
  const server = start(
    'postgres',
    'setpriv',
    [...asNobody, join(programs, 'postgres'), '-D', join(folder, 'data'), ...settings],
    { log },
  );
  return ready(server, log, () => run(join(programs, 'pg_isready'), ['-h', '127.0.0.1', '-p', `${port}`]));
}
