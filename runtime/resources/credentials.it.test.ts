import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '#e2e/ports.ts';
import { startPostgres } from '#e2e/postgres.ts';
import { type Process, start } from '#e2e/process.ts';
import { startRabbitMQ } from '#e2e/rabbitmq.ts';
import { startRedis } from '#e2e/redis.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';

const root = path.resolve(import.meta.dirname, '../..');
const user = 'changing';

type Guarded = AsyncDisposable & {
  setPassword(user: string, password: string): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
};
type Subject = { server: Guarded; type: string; settings(password: string): Record<string, string> };

const stack = new AsyncDisposableStack();
const subjects: Record<string, Subject> = {};
let folder: string;
let api: string;
let sidecar: Process;

/** As kubelet and careful editors do: the new file takes the place of the old one at once. */
async function put(name: string, password: string): Promise<void> {
  const { type, settings } = subjects[name]!;
  const metadata = Object.entries(settings(password)).map(([key, value]) => ({ name: key, value }));
  const manifest = { apiVersion: 'dapr.io/v1alpha1', kind: 'Component', metadata: { name }, spec: { type, metadata } };
  await writeFile(path.join(folder, name), JSON.stringify(manifest));
  await rename(path.join(folder, name), path.join(folder, 'resources', `${name}.yaml`));
}

beforeAll(async () => {
  const [redis, postgres, rabbitmq] = await Promise.all([startRedis(), startPostgres(), startRabbitMQ()]);
  for (const server of [redis, postgres, rabbitmq]) stack.use(server);
  subjects['redis'] = {
    server: redis,
    type: 'state.redis',
    settings: (password) => ({ redisHost: `127.0.0.1:${redis.port}`, redisUsername: user, redisPassword: password }),
  };
  subjects['postgresql'] = {
    server: postgres,
    type: 'state.postgresql',
    settings: (password) => ({ connectionString: postgres.connectionString, user, password }),
  };
  subjects['rabbitmq'] = {
    server: rabbitmq,
    type: 'pubsub.rabbitmq',
    settings: (password) => ({
      connectionString: `amqp://${user}:${password}@127.0.0.1:${rabbitmq.port}`,
      publisherConfirm: 'true',
    }),
  };
  folder = await mkdtemp(path.join(tmpdir(), 'outrigger-credentials-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(path.join(folder, 'resources'));
  for (const [name, { server }] of Object.entries(subjects)) {
    await server.setPassword(user, 'the-old-one');
    await put(name, 'the-old-one');
  }
  const [http, grpc, internal, metrics] = await freePorts(4);
  api = `http://127.0.0.1:${http}/v1.0`;
  const ports = [`--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`, `--dapr-internal-grpc-port=${internal}`];
  const args = ['--app-id=shop', `--resources-path=${folder}/resources`, `--metrics-port=${metrics}`, ...ports];
  sidecar = stack.use(start('daprd', path.join(root, 'bin/daprd'), args, { log: path.join(folder, 'daprd.log') }));
  await eventually(async () => expect((await fetch(`${api}/healthz/outbound`)).ok).toBe(true));
});

afterAll(() => stack.disposeAsync());

const post = (url: string, body: unknown) => fetch(`${api}/${url}`, { method: 'POST', body: JSON.stringify(body) });
const use = (name: string) =>
  name === 'rabbitmq' ? post(`publish/${name}/orders`, 1) : post(`state/${name}`, [{ key: 'a', value: 1 }]);

describe('credentials that change while the sidecar runs', () => {
  it.each(['redis', 'postgresql', 'rabbitmq'])(
    'are taken over from the Component by %s, and no answer tells them',
    async (name) => {
      const { server } = subjects[name]!;
      expect((await use(name)).status).toBe(204);
      await server.setPassword(user, 'the-new-one');
      await server.kill();
      await server.restart();
      await eventually(async () => {
        const answer = await use(name);
        const text = await answer.text();
        expect(answer.status).toBe(500);
        expect(text).toContain('errorCode');
        expect(text).not.toMatch(/the-(old|new)-one/);
      });
      await put(name, 'the-new-one');
      await eventually(async () => expect((await use(name)).status).toBe(204));
      expect(await Promise.race([sidecar.ended, 'it runs on'])).toBe('it runs on');
    },
  );
});
