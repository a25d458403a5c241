import { randomUUID } from 'node:crypto';
import type { StateOperation } from '#contracts/state.ts';
import { Fault, fault } from '#kit/errors/fault.ts';
import { isTruthy } from '#kit/values/truthy.ts';
import { errorInfo } from '../blocks/details.ts';
import { callTrace } from '../blocks/pubsub/call-trace.ts';
import { cloudEvent } from '../blocks/pubsub/cloud-event.ts';
import { isJson } from '../blocks/pubsub/content-type.ts';
import { pubsubKind } from '../blocks/pubsub/kind.ts';
import type { Publisher } from '../blocks/pubsub/publisher.ts';
import type { OutboxTransaction } from '../blocks/state/outbox.ts';
import { internalTopic, type OutboxSettings } from '../blocks/state/outbox-settings.ts';
import { errorText } from '../invoke/status.ts';
import type { Registry } from '../registry.ts';

export type AnnounceOptions = {
  appId: string;
  namespace: string;
  registry: Registry;
  publisher: Pick<Publisher, 'forward'>;
  now(): number;
};

type Item = OutboxTransaction['items'][number];

/**
 * Publishes what a transaction is about to set to the store's internal topic, and answers the transaction to run: with
 * a marker for each event, by which its reader knows that the transaction has happened, and without projections, which
 * only say what to publish of a key.
 */
export async function announce(
  settings: OutboxSettings,
  { operations, items, call }: OutboxTransaction,
  options: AnnounceOptions,
): Promise<StateOperation[]> {
  const isProjection = (item: Item) => isTruthy(item.metadata['outbox.projection']);
  const real = items.map((item, i) => ({ item, operation: operations[i]! })).filter(({ item }) => !isProjection(item));
  const projections = new Map(items.filter(isProjection).map((item) => [item.key, item]));
  const changes = real.filter(({ operation }) => operation.kind === 'set').map(({ item }) => item);
  const markers: StateOperation[] = [];
  for (const item of changes) {
    const key = `outbox-${randomUUID()}`;
    await publish(settings, item, projections.get(item.key) ?? item, key, call, options);
    markers.push({ kind: 'set', key, value: Buffer.from('0') });
  }
  return [...real.map(({ operation }) => operation), ...markers];
}

async function publish(
  settings: OutboxSettings,
  { metadata }: Item,
  shown: Item,
  id: string,
  call: OutboxTransaction['call'],
  { appId, namespace, registry, publisher, now }: AnnounceOptions,
): Promise<void> {
  const { data: _, id: __, ...attributes } = metadata;
  const event = cloudEvent(
    {
      ...payloadOf(shown, call.jsonValues),
      ...{ topic: settings.publishTopic, pubsubName: settings.publishPubsub, source: appId },
      ...{ metadata: {}, attributes, trace: callTrace(call), lifeMs: undefined },
    },
    { now, id: () => id },
  );
  try {
    const bound = registry.of(pubsubKind).get(settings.pubsub)?.component;
    if (bound === undefined) throw pubsubKind.absent(settings.pubsub, true, appId);
    const topic = internalTopic({ namespace, appId }, settings);
    await publisher.forward(bound, topic, { data: event, contentType: '', metadata: {} }, call.signal);
  } catch (thrown) {
    const error = errorText(thrown instanceof Fault && thrown.key === 'pubsub-publish' ? thrown.cause : thrown);
    const details = [errorInfo('DAPR_PUBSUB_OUTBOX', { appID: appId, error })];
    throw fault('pubsub-outbox', `error while publishing outbox message: ${error}`, { cause: thrown, details });
  }
}

/** The data of the event: bytes as they are; of JSON values a text is a text, unless it is to be JSON. */
function payloadOf({ value, metadata }: Item, jsonValues: boolean): { data: Uint8Array; contentType: string } {
  const contentType = metadata['contentType'] ?? '';
  if (!jsonValues || isJson(contentType)) return { data: value, contentType };
  const parsed: unknown = JSON.parse(Buffer.from(value).toString());
  return { data: typeof parsed === 'string' ? Buffer.from(parsed) : value, contentType };
}
