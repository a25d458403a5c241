import { openComponent } from '#contracts/component.ts';
import { bindingConformance } from '#contracts/conformance/binding.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { type RabbitMQ, startRabbitMQ } from '#e2e/rabbitmq.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './rabbitmq.ts';

let server: RabbitMQ;
beforeAll(async () => {
  server = await startRabbitMQ();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const open = (metadata: Record<string, string> = {}) =>
  openComponent(
    component,
    { host: server.url, queueName: 'work', reconnectWaitInSeconds: '1', ...metadata },
    { name: 'binding', log: silentLogger, signal: new AbortController().signal, env: {} },
  );
const bytes = (text: string) => new TextEncoder().encode(text);
const create = (text: string, metadata: Record<string, string> = {}) => ({
  operation: 'create',
  data: bytes(text),
  metadata,
});

bindingConformance('bindings.rabbitmq', () => open(), {
  cause: async (binding, body) => void (await binding.invoke!({ operation: 'create', data: body })),
  invoke: { operation: 'create', data: bytes('x') },
});

describe('bindings.rabbitmq', () => {
  it('reads in order, with the metadata of each message', async () => {
    await using binding = await open({ queueName: 'ordered', durable: 'true', maxPriority: '5' });
    for (let i = 0; i < 20; i++) await binding.invoke!(create(`${i}`, { 'a b': 'c' }));
    const got: string[] = [];
    const stop = new AbortController();
    await binding.read!(async ({ data, metadata }) => {
      got.push(`${Buffer.from(data)} ${metadata?.['a+b']}`);
      return undefined;
    }, stop.signal);
    await eventually(() => expect(got).toEqual(Array.from({ length: 20 }, (_, i) => `${i} c`)));
    stop.abort();
  });

  it('lets messages go when their life is over', async () => {
    await using binding = await open({ queueName: 'short', ttlInSeconds: '100' });
    await binding.invoke!(create('gone', { ttlInSeconds: '1' }));
    await binding.invoke!(create('stays'));
    await eventually(async () => expect(await server.ctl('list_queues', 'name', 'messages')).toMatch(/short\t1\n/));
    await expect(binding.invoke!(create('x', { ttlInSeconds: 'soon' }))).rejects.toThrow('ttlInSeconds is "soon"');
  });

  it('says what is missing or wrong in its metadata', async () => {
    await expect(open({ host: '' })).rejects.toThrow('missing host address');
    await expect(open({ queueName: '' })).rejects.toThrow('missing queue Name');
    await expect(open({ caCert: 'nonsense' })).rejects.toThrow('caCert: is not PEM');
    await expect(open({ host: 'localhost' })).rejects.toThrow('host is not amqp');
  });

  it('reads and writes on after the broker was killed and started again', async () => {
    await using binding = await open({ queueName: 'restarted', durable: 'true' });
    const got: string[] = [];
    const stop = new AbortController();
    await binding.read!(async ({ data }) => {
      got.push(Buffer.from(data).toString());
      return undefined;
    }, stop.signal);
    await server.kill();
    await server.restart();
    await eventually(() => binding.invoke!(create('after')));
    await eventually(() => expect(got).toContain('after'));
    stop.abort();
  });
});

outageConformance('bindings.rabbitmq', {
  server: () => server,
  open: (login) =>
    open({
      durable: 'true',
      queueName: 'outage',
      ...(login && { host: `amqp://${login.user}:${login.password}@127.0.0.1:${server.port}` }),
    }),
  use: (binding) => binding.invoke!(create('x')),
});
