import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { CommunicationProtocolEnum, DaprClient, LogLevel } from '@dapr/dapr';
import { createClient, type RedisClientType } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { eventually } from '../eventually.ts';
import { freePorts } from '../ports.ts';
import { start } from '../process.ts';
import { startRedis } from '../redis.ts';

const program = path.resolve(import.meta.dirname, '../../bin/daprd');
const component = (name: string, type: string, metadata: Record<string, string>) =>
  JSON.stringify({
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name },
    spec: { type, version: 'v1', metadata: Object.entries(metadata).map(([key, value]) => ({ name: key, value })) },
  });

let stack: AsyncDisposableStack;
let redis: RedisClientType;
let overGrpc: DaprClient;
let overHttp: DaprClient;

/** A sidecar with stores on a Redis of its own and a folder of keys, and official clients of both its doors. */
beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'sdk-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const server = stack.use(await startRedis());
  redis = await createClient({ url: server.url }).connect();
  stack.defer(() => redis.close());
  await mkdir(path.join(folder, 'keys'));
  await writeFile(path.join(folder, 'keys/key'), randomBytes(32));
  const redisHost = `127.0.0.1:${server.port}`;
  const components = [
    component('settings', 'configuration.redis', { redisHost }),
    component('locks', 'lock.redis', { redisHost }),
    component('cache', 'bindings.redis', { redisHost }),
    component('vault', 'crypto.dapr.localstorage', { path: path.join(folder, 'keys') }),
  ];
  await mkdir(path.join(folder, 'resources'));
  await writeFile(path.join(folder, 'resources/all.yaml'), components.join('\n---\n'));
  const [http, grpc] = (await freePorts(2)) as [number, number];
  const args = ['--app-id=shop', `--resources-path=${folder}/resources`, '--metrics-port=0'];
  const ports = [`--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`];
  stack.use(start('daprd', program, [...args, ...ports], { log: path.join(folder, 'daprd.log') }));
  await eventually('daprd to be healthy', async () =>
    (await fetch(`http://127.0.0.1:${http}/v1.0/healthz`)).ok ? true : undefined,
  );
  const client = (communicationProtocol: CommunicationProtocolEnum, port: number) => {
    const one = new DaprClient({
      daprHost: '127.0.0.1',
      daprPort: String(port),
      communicationProtocol,
      logger: { level: LogLevel.Error },
    });
    stack.defer(() => one.stop());
    return one;
  };
  overGrpc = client(CommunicationProtocolEnum.GRPC, grpc);
  overHttp = client(CommunicationProtocolEnum.HTTP, http);
});
afterAll(() => stack?.disposeAsync());

describe("Dapr's client for JavaScript", () => {
  it('reads configuration items, and hears of their changes until it stops', async () => {
    await redis.set('colour', 'red||1');
    const { items } = await overGrpc.configuration.get('settings', ['colour']);
    expect(items['colour']).toMatchObject({ value: 'red', version: '1' });
    const heard: string[] = [];
    const stream = await overGrpc.configuration.subscribeWithKeys(
      'settings',
      ['colour'],
      async ({ items: changed }) => {
        heard.push(changed['colour']!.value);
      },
    );
    // The client resolves before the sidecar watches.
    await eventually('a change to be heard', async () => {
      await redis.set('colour', 'green||2');
      return heard.includes('green') || undefined;
    });
    stream.stop();
  });

  it('is told of a configuration store that is not there', async () => {
    await expect(overGrpc.configuration.get('other', [])).rejects.toThrow('configuration store other not found');
  });

  it('encrypts and decrypts bytes and streams', async () => {
    const options = { componentName: 'vault', keyName: 'key', keyWrapAlgorithm: 'A256KW' } as const;
    const plain = randomBytes(300_000);
    const sealed = await overGrpc.crypto.encrypt(plain, options);
    expect(sealed.includes(plain.subarray(0, 64))).toBe(false);
    expect((await overGrpc.crypto.decrypt(sealed, { componentName: 'vault' })).equals(plain)).toBe(true);
    const sealing = Readable.from([plain]).pipe(await overGrpc.crypto.encrypt(options));
    const opening = sealing.pipe(await overGrpc.crypto.decrypt({ componentName: 'vault' }));
    expect(Buffer.concat(await Array.fromAsync(opening as AsyncIterable<Buffer>)).equals(plain)).toBe(true);
  });

  it('is told why a document cannot be decrypted', async () => {
    const broken = overGrpc.crypto.decrypt(Buffer.from('hello'), { componentName: 'vault' });
    await expect(broken).rejects.toThrow('invalid header');
  });

  describe.each([
    ['gRPC', () => overGrpc],
    ['HTTP', () => overHttp],
  ])('over %s', (door, client) => {
    it('takes a lock that others must wait for', async () => {
      const { lock } = client();
      const resource = `till-${door}`;
      expect(await lock.lock('locks', resource, 'me', 60)).toMatchObject({ success: true });
      expect(await lock.lock('locks', resource, 'you', 60)).toMatchObject({ success: false });
      expect(String((await lock.unlock('locks', resource, 'me')).status)).toMatch(/^(0|success)$/i);
      expect(await lock.lock('locks', resource, 'you', 60)).toMatchObject({ success: true });
    });

    it('calls an output binding', async () => {
      const { binding } = client();
      const key = `item-${door}`;
      await binding.send('cache', 'create', 'paddle', { key });
      expect(await redis.get(key)).toMatch(/paddle/);
      await expect(binding.send('cache', 'fly', '', { key })).rejects.toThrow('does not support operation fly');
    });
  });
});
