import { randomUUID } from 'node:crypto';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { freePorts } from './ports.ts';
import { type Process, start } from './process.ts';
import { ready } from './ready.ts';
import { run } from './run.ts';
import { despiteBadDays } from './transient.ts';

/** A real Kafka broker of the test's own: one node, broker and controller in one. */
export interface Kafka extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:<port>` */
  readonly broker: string;
  /**
   * The same broker where clients have to log in: as `outrigger` with password `secret` by PLAIN, by SCRAM-SHA-256, or by
   * OAUTHBEARER with any JWT of `alg` none that has `sub`, `iat` and `exp`.
   */
  readonly guarded: string;
  /** Ends it by SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Lets it hang, by SIGSTOP, until it may go on. */
  halt(): Promise<void>;
  goOn(): Promise<void>;
  /** Starts it again on the same ports, with what it had stored; stops it first if it runs. */
  restart(): Promise<void>;
  /** The password of a user for SCRAM-SHA-256, from now on. */
  setPassword(user: string, password: string): Promise<void>;
}

const version = '4.1.1';

/** Starts a broker on free ports of 127.0.0.1; topics are made on first use, with `partitions` of them. */
export async function startKafka({ partitions = 1 } = {}): Promise<Kafka> {
  const jars = await kafkaJars();
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-kafka-'));
  const [port = 0, guarded = 0, controller = 0] = await freePorts(3);
  const properties = join(folder, 'server.properties');
  await writeFile(properties, settings(folder, { port, guarded, controller }, partitions));
  const classes = ['-cp', `${jars}/*`];
  const format = ['format', '--cluster-id', clusterId(), '--config', properties];
  await run('java', [...small, ...classes, 'kafka.tools.StorageTool', ...format]);
  const launch = () => startBroker(folder, port, [...small, ...classes, 'kafka.Kafka', properties]);
  let broker = await launch();
  return {
    port,
    broker: `127.0.0.1:${port}`,
    guarded: `127.0.0.1:${guarded}`,
    kill: () => broker.kill(),
    halt: () => broker.halt(),
    goOn: () => broker.goOn(),
    async restart() {
      await broker[Symbol.asyncDispose]();
      broker = await launch();
    },
    async setPassword(user, password) {
      const at = ['--bootstrap-server', `127.0.0.1:${port}`, '--alter', '--entity-type', 'users'];
      const what = ['--entity-name', user, '--add-config', `SCRAM-SHA-256=[password=${password}]`];
      await run('java', [...small, ...classes, 'kafka.admin.ConfigCommand', ...at, ...what]);
    },
    async [Symbol.asyncDispose]() {
      // Nothing of it is kept, so it need not end tidily, which takes a broker many seconds.
      await broker.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const small = ['-Xms128m', '-Xmx384m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

const clusterId = (): string => Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');

type Ports = { port: number; guarded: number; controller: number };

function settings(folder: string, { port, guarded, controller }: Ports, partitions: number): string {
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_outrigger="secret";';
  const bearer = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  const lines: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `OPEN://127.0.0.1:${port},GUARDED://127.0.0.1:${guarded},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `OPEN://127.0.0.1:${port},GUARDED://127.0.0.1:${guarded}`,
    'listener.security.protocol.map': 'OPEN:PLAINTEXT,GUARDED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'OPEN',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,OAUTHBEARER',
    'listener.name.guarded.plain.sasl.jaas.config': login,
    'listener.name.guarded.scram-sha-256.sasl.jaas.config': `${scram} required;`,
    'listener.name.guarded.oauthbearer.sasl.jaas.config': `${bearer} required unsecuredLoginStringClaim_sub="broker";`,
    'log.dirs': join(folder, 'data'),
    'num.partitions': partitions,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    // A broker that was killed may come back only when its session is over.
    'broker.session.timeout.ms': 2_000,
    'broker.heartbeat.interval.ms': 500,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'message.max.bytes': 20 * 1024 * 1024,
    'log.cleaner.enable': 'false',
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

async function startBroker(folder: string, port: number, args: string[]): Promise<Process> {
  const log = join(folder, 'kafka.log');
  const broker = start('kafka', 'java', args, { log, cwd: folder });
  return ready(broker, log, () => answers(port));
}

async function answers(port: number): Promise<true | undefined> {
  const { Admin } = await import('@platformatic/kafka');
  const admin = new Admin({ clientId: 'start', bootstrapBrokers: [`127.0.0.1:${port}`], retries: 0, timeout: 2_000 });
  try {
    await admin.listTopics();
    return true;
  } catch {
    return undefined;
  } finally {
    await admin.close().catch(() => {});
  }
}

/** The folder of the broker's jars, brought by Maven once for each version. */
export async function kafkaJars(): Promise<string> {
  const folder = cacheFolder(`kafka-${version}`);
  const there = await access(folder).then(
    () => true,
    () => false,
  );
  if (there) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    await writeFile(join(work, 'pom.xml'), pom);
    const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(work, 'jars')}`];
    await despiteBadDays(() => run('mvn', ['--quiet', '--batch-mode', ...copy], { cwd: work }));
    await rename(join(work, 'jars'), folder).catch(() => access(folder));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>outrigger</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;
