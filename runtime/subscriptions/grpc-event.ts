import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import type {
  TopicEventCERequestSchema,
  TopicEventRequestSchema,
} from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';
import { isCloudEvent, isJson, isText } from '../blocks/pubsub/content-type.ts';
import type { Letter } from './postman.ts';
import type { Event } from './route.ts';

const attributes = new Set(['id', 'source', 'datacontenttype', 'type', 'specversion', 'data', 'data_base64']);

/** A CloudEvent taken apart into fields. Throws where its data does not fit its content type. */
export function eventFields(event: Event): MessageInitShape<typeof TopicEventCERequestSchema> {
  const text = (name: string) => (typeof event[name] === 'string' ? (event[name] as string) : '');
  const extensions = Object.fromEntries(Object.entries(event).filter(([name]) => !attributes.has(name)));
  const dataContentType = text('datacontenttype');
  return {
    id: text('id'),
    source: text('source'),
    type: text('type'),
    specVersion: text('specversion'),
    dataContentType,
    data: dataOf(event, dataContentType),
    extensions: extensions as JsonObject,
  };
}

/** A letter as the RPC `OnTopicEvent` carries it. */
export const topicEvent = ({
  event,
  topic,
  pubsubName,
  path,
}: Letter): MessageInitShape<typeof TopicEventRequestSchema> => ({
  ...(eventFields(event) as object),
  topic,
  pubsubName,
  path,
});

function dataOf({ data, data_base64: base64 }: Event, contentType: string): Uint8Array {
  if (base64 !== undefined && base64 !== null) {
    if (typeof base64 !== 'string') throw new Error('unexpected data type encountered in envelope');
    return Buffer.from(base64, 'base64');
  }
  if (data === undefined || data === null) return new Uint8Array();
  if (data instanceof Uint8Array) return data;
  if (isJson(contentType) || isCloudEvent(contentType)) return Buffer.from(JSON.stringify(data));
  if (!isText(contentType)) return new Uint8Array();
  if (typeof data !== 'string') throw new Error('unexpected data type encountered in envelope');
  return Buffer.from(data);
}
