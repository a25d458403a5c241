import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.ts';
import { type Process, start } from './process.ts';
import { ready } from './ready.ts';
import { run } from './run.ts';

/** A real RabbitMQ of the test's own, with an administrator `outrigger` whose password is `secret`. */
export interface RabbitMQ extends AsyncDisposable {
  readonly port: number;
  /** `amqp://outrigger:secret@127.0.0.1:<port>` */
  readonly url: string;
  /** Ends it by SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Lets it hang, by SIGSTOP, until it may go on. */
  halt(): Promise<void>;
  goOn(): Promise<void>;
  /** Starts it again on the same port, with what it had stored; stops it first if it runs. */
  restart(): Promise<void>;
  /** Runs `rabbitmqctl`. */
  ctl(...args: string[]): Promise<string>;
  /** Makes a user who may do everything with this password, or gives it this one. */
  setPassword(user: string, password: string): Promise<void>;
}

/** Debian's programs on the PATH insist on a user and folders of their own; these do not. */
const programs = '/usr/lib/rabbitmq/bin';

/** Starts a node on a free port of 127.0.0.1, beside an epmd of its own, which outlives restarts. */
export async function startRabbitMQ(): Promise<RabbitMQ> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-rabbitmq-'));
  const [port = 0, epmdPort = 0, distribution = 0] = await freePorts(3);
  const env = environment(folder, { port, epmdPort, distribution });
  const settings = ['default_user = outrigger', 'default_pass = secret', 'log.console = true', 'log.file = false'];
  await writeFile(join(folder, 'rabbitmq.conf'), `${settings.join('\n')}\n`);
  await writeFile(join(folder, 'plugins'), '[].\n');
  const epmd = start('epmd', 'epmd', ['-address', '127.0.0.1', '-port', `${epmdPort}`], {
    log: join(folder, 'epmd.log'),
  });
  let server = await startServer(folder, port, env);
  const ctl = (...args: string[]) => run(join(programs, 'rabbitmqctl'), args, { env });
  return {
    port,
    url: `amqp://outrigger:secret@127.0.0.1:${port}`,
    kill: () => server.kill(),
    halt: () => server.halt(),
    goOn: () => server.goOn(),
    async restart() {
      await server[Symbol.asyncDispose]();
      server = await startServer(folder, port, env);
    },
    ctl,
    async setPassword(user, password) {
      if ((await ctl('list_users', '--silent')).includes(user)) await ctl('change_password', user, password);
      else {
        await ctl('add_user', user, password);
        await ctl('set_permissions', user, '.*', '.*', '.*');
      }
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await epmd[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Ports = { port: number; epmdPort: number; distribution: number };

function environment(folder: string, { port, epmdPort, distribution }: Ports): Record<string, string> {
  return {
    HOME: folder,
    ERL_EPMD_PORT: `${epmdPort}`,
    // The script then becomes the broker, so that ending one ends the other.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_NODENAME: `outrigger-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_DIST_PORT: `${distribution}`,
    RABBITMQ_BASE: folder,
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'logs'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    // Two schedulers do: a broker of a test must not take a machine of many cores for itself.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
  };
}

async function startServer(folder: string, port: number, env: Record<string, string>): Promise<Process> {
  const log = join(folder, 'rabbitmq.log');
  const server = start('rabbitmq-server', join(programs, 'rabbitmq-server'), [], { log, env, cwd: folder });
  return ready(server, log, () => greets(port));
}

/** Whether it answers the protocol's header: the port is open before the broker is ready. */
function greets(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('AMQP\0\0\x09\x01'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(undefined));
  });
}
