import type { FailedEntry } from '#contracts/pubsub.ts';
import { anyCase } from '#kit/values/any-case.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import type { BulkPublishRequestEntry } from '#proto/dapr/proto/runtime/v1/pubsub_pb.js';
import { jsonField, jsonItems, jsonNull } from '../json-spans.ts';
import { defineOperation } from '../operation.ts';
import { noContent, queryMetadata, type RestRequest } from '../rest.ts';
import { isBinary, isCloudEvent, isCloudEventProtobuf, isJson, isText } from './content-type.ts';
import { badEnvelope, badEvents, publishFailed, unreadableEvents } from './faults.ts';
import { pubsubKind } from './kind.ts';
import type { Publisher } from './publisher.ts';

type Entry = { entryId: string; event: Uint8Array; contentType: string; metadata: Record<string, string> };

const route = (path: '/v1.0/publish/bulk/{pubsubName}/{topic*}' | '/v1.0-alpha1/publish/bulk/{pubsubName}/{topic*}') =>
  path;

/** Publishes many events; over HTTP any that fail are listed, over gRPC the call then fails. */
export const publishEvents = (publisher: Publisher, appId: string) => {
  const http = <P extends ReturnType<typeof route>>(path: P) => ({
    method: ['POST', 'PUT'] as const,
    path,
    toRequest: (http: RestRequest<'pubsubName' | 'topic'>) => ({
      pubsubName: http.params.pubsubName,
      topic: http.params.topic,
      entries: entriesOf(http, appId),
      metadata: queryMetadata(http),
    }),
    toReply: ({ failedEntries = [] }: { failedEntries?: readonly Partial<FailedEntry>[] }) =>
      failedEntries.length === 0
        ? noContent
        : {
            status: 500,
            body: JSON.stringify({
              failedEntries: failedEntries.map(({ entryId, error }) => ({ entryId, error })),
              errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE',
            }),
          },
  });
  return defineOperation({
    method: Dapr.method.bulkPublishEvent,
    alsoAs: [Dapr.method.bulkPublishEventAlpha1],
    api: 'publish.v1',
    component: { kind: pubsubKind, name: (request) => request.pubsubName, action: 'bulk_publish', guardsItself: true },
    http: [
      http(route('/v1.0/publish/bulk/{pubsubName}/{topic*}')),
      http(route('/v1.0-alpha1/publish/bulk/{pubsubName}/{topic*}')),
    ],
    async handle({ pubsubName, topic, entries, metadata }, context) {
      checkIds(entries, pubsubName, topic, appId);
      const events = entries.map(({ entryId, event, contentType, metadata: own }) => ({
        entryId,
        data: event,
        contentType,
        metadata: Object.keys(own).length === 0 ? metadata : { ...metadata, ...own },
      }));
      const failed = await publisher.publishBulk(context.component, topic, events, metadata, context);
      if (failed.length > 0 && !context.jsonValues) {
        const why = failed.map(({ entryId, error }) => `${entryId}: ${error}`).join('; ');
        throw publishFailed(pubsubName, topic, why);
      }
      return { failedEntries: [...failed] };
    },
  });
};

function checkIds(entries: readonly BulkPublishRequestEntry[], pubsubName: string, topic: string, appId: string): void {
  const seen = new Set<string>();
  for (const { entryId } of entries) {
    if (entryId === '' || seen.has(entryId)) {
      throw badEvents(pubsubName, topic, appId, 'entryId is duplicated or not present for entry');
    }
    seen.add(entryId);
  }
}

const entryFields = anyCase('entryId', 'event', 'contentType', 'metadata');

/** The entries of a JSON body; JSON events pass as they are written. */
function entriesOf(http: RestRequest<'pubsubName' | 'topic'>, appId: string): Entry[] {
  const { pubsubName, topic } = http.params;
  let items: unknown;
  try {
    items = JSON.parse(http.body.toString());
    if (!Array.isArray(items)) throw new Error('the body must be a list of entries');
  } catch (thrown) {
    throw unreadableEvents(pubsubName, topic, http.body.length === 0 ? 'EOF' : (thrown as Error).message);
  }
  const raw = jsonItems(http.body);
  return (items as Record<string, unknown>[]).map((item, i) => {
    const { entryId, event, contentType, metadata } = entryFields(item ?? {});
    const type = typeof contentType === 'string' ? contentType : '';
    return {
      entryId: typeof entryId === 'string' ? entryId : '',
      event: eventBytes(event, jsonField(raw[i]!, 'event'), type, (why) => badEnvelope(pubsubName, topic, appId, why)),
      contentType: type,
      metadata: isTexts(metadata) ? metadata : {},
    };
  });
}

/** The content type says how the event is written: text as a JSON text, bytes in base64, JSON as it is. */
function eventBytes(event: unknown, raw: Buffer | undefined, type: string, refuse: (why: string) => Error): Uint8Array {
  if (isJson(type) || isCloudEvent(type)) return raw ?? jsonNull;
  const mayBeText = isText(type) || isBinary(type) || isCloudEventProtobuf(type);
  if (typeof event !== 'string' || !mayBeText) throw refuse('error: mismatch between contentType and event');
  return isBinary(type) || isCloudEventProtobuf(type) ? Buffer.from(event, 'base64') : Buffer.from(event);
}

const isTexts = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string');
