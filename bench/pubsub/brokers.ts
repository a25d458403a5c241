import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { startKafka } from '#e2e/kafka.ts';
import { startNats } from '#e2e/nats.ts';
import { startRabbitMQ } from '#e2e/rabbitmq.ts';
import { startRedis } from '#e2e/redis.ts';

/** A real broker, or none, and the Component named `pubsub` that uses it. */
export type Broker = AsyncDisposable & {
  component: string;
  /** Ends it as a crash would, and starts it again with what it had stored. */
  crash(): Promise<void>;
};

type Server = AsyncDisposable & { kill(): Promise<void>; restart(): Promise<void> };

const component = (type: string, metadata: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name: 'pubsub' },
    spec: { type, version: 'v1', metadata: Object.entries(metadata).map(([name, value]) => ({ name, value })) },
  });

const over = (server: Server, type: string, metadata: Readonly<Record<string, string>>): Broker => ({
  component: component(type, metadata),
  async crash() {
    await server.kill();
    await server.restart();
  },
  [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
});

/** Brokers by name. Their settings are Dapr's defaults, but for those without which messages would not be kept. */
export const brokers = {
  'in-memory': async (): Promise<Broker> => ({
    component: component('pubsub.in-memory', {}),
    crash: async () => {},
    async [Symbol.asyncDispose]() {},
  }),
  async redis(): Promise<Broker> {
    // What is written outlives the process, if not the machine, without a sync for each message.
    const server = await startRedis({ args: ['--appendfsync', 'no'] });
    const settings = { redisHost: `127.0.0.1:${server.port}`, processingTimeout: '10s', redeliverInterval: '1s' };
    return over(server, 'pubsub.redis', settings);
  },
  async rabbitmq(): Promise<Broker> {
    const server = await startRabbitMQ();
    const settings = {
      connectionString: server.url,
      durable: 'true',
      deletedWhenUnused: 'false',
      deliveryMode: '2',
      publisherConfirm: 'true',
      requeueInFailure: 'true',
      prefetchCount: '100',
      reconnectWaitSeconds: '1s',
    };
    return over(server, 'pubsub.rabbitmq', settings);
  },
  async kafka(): Promise<Broker> {
    const server = await startKafka({ partitions: 8 });
    const settings = { brokers: server.broker, authType: 'none', initialOffset: 'oldest' };
    return over(server, 'pubsub.kafka', settings);
  },
  async jetstream(): Promise<Broker> {
    const server = await startNats();
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'bench', subjects: ['*'] });
    await connection.close();
    const settings = { natsURL: server.url, durableName: '{appID}', queueGroupName: '{appID}', ackWait: '5s' };
    return over(server, 'pubsub.jetstream', settings);
  },
};

export type BrokerName = keyof typeof brokers;

/** Throws for a name there is no broker of. */
export function brokerNamed(name: string): BrokerName {
  if (name in brokers) return name as BrokerName;
  throw new Error(`there is no broker "${name}": it must be one of ${Object.keys(brokers).join(', ')}`);
}
