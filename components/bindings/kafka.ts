import type { Binding } from '#contracts/binding.ts';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { list, text, truth } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { type KafkaSettings, kafkaSettings } from '../clients/kafka/connection.ts';
import { createKafkaGroup } from '../clients/kafka/group.ts';
import { recordMetadata } from '../clients/kafka/metadata.ts';
import { oneByOne } from '../clients/kafka/one-by-one.ts';
import type { KafkaRecord } from '../clients/kafka/partition.ts';
import { openKafkaProducer } from '../clients/kafka/producer.ts';

const settings = kafkaSettings.safeExtend({
  topics: list('Topics to read from.').default([]),
  publishTopic: text('Topic to write to.').optional(),
  consumeRetryEnabled: truth('Hands a message that failed out again until it is taken; else it is left out.').default(
    false,
  ),
});

type Settings = KafkaSettings & {
  topics: readonly string[];
  publishTopic?: string | undefined;
  consumeRetryEnabled: boolean;
};

export const component = defineComponent({
  type: 'bindings.kafka',
  versions: ['v1'],
  title: 'Apache Kafka',
  description: 'Reads topics, each partition in order, and writes to one. The app’s sidecars share the partitions.',
  settings,
  open: (given, context) => openKafka(given, context),
});

async function openKafka(given: Settings, { log }: OpenContext): Promise<Binding> {
  const producer = await openKafkaProducer(given);
  const group = createKafkaGroup(given, log);
  const metadataOf = recordMetadata(given);
  return {
    operations: ['create'],
    async invoke({ operation, data, metadata }) {
      if (operation !== 'create') {
        throw fault('bad-request', `operation ${operation} is not one of bindings.kafka: create`);
      }
      if (given.publishTopic === undefined) {
        throw fault('bad-request', 'publishTopic is missing in the metadata of the binding: it names where to write');
      }
      await producer.send(given.publishTopic, data, metadata);
      return {};
    },
    async read(handler, until) {
      if (given.topics.length === 0) log.warn('kafka: the metadata has no topics, so nothing is read');
      const hand = (record: KafkaRecord, ends: AbortSignal) =>
        handler({ data: record.value ?? Buffer.alloc(0), metadata: metadataOf(record) }, ends);
      const { consumeRetryEnabled: retry, consumeRetryInterval: pause, channelBufferSize: ahead } = given;
      const consume = oneByOne(hand, { retry, pause, ahead, log });
      await Promise.all(given.topics.map((topic) => group.subscribe(topic, consume, until)));
    },
    ping: () => producer.ping(),
    async [Symbol.asyncDispose]() {
      await group[Symbol.asyncDispose]();
      await producer[Symbol.asyncDispose]();
    },
  };
}
