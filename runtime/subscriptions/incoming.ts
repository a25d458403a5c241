import { randomUUID } from 'node:crypto';
import type { Message } from '#contracts/pubsub.ts';
import { isBinary } from '../blocks/pubsub/content-type.ts';
import type { Event } from './route.ts';

/** A message as a CloudEvent, and as the bytes an HTTP app gets. */
export type Incoming = { event: Event; data: Buffer };

const traceFields = ['traceid', 'traceparent', 'tracestate'] as const;

/**
 * Reads a message of the broker. Raw payloads get an envelope here; binary ones take their attributes from `ce_`
 * metadata; all others must be CloudEvents in JSON. Throws for those that are not.
 * Source: Dapr `pkg/runtime/subscription/subscription.go`.
 */
export function readIncoming(message: Message, of: { raw: boolean; pubsubName: string; topic: string }): Incoming {
  const data = Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength);
  const { metadata = {} } = message;
  if (of.raw) return rawEvent(data, metadata, of);
  const contentType = message.contentType ?? metadata['content-type'] ?? '';
  if (isBinary(contentType)) return { event: { ...attributesOf(metadata), data, datacontenttype: contentType }, data };
  const parsed: unknown = JSON.parse(data.toString());
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('it is no CloudEvent');
  const event = parsed as Record<string, unknown>;
  for (const field of traceFields) {
    if (!(field in event) && metadata[field] !== undefined) event[field] = metadata[field];
  }
  return { event, data };
}

function rawEvent(
  data: Buffer,
  metadata: Readonly<Record<string, string>>,
  { pubsubName, topic }: { pubsubName: string; topic: string },
): Incoming {
  const event: Record<string, unknown> = {
    data_base64: data.toString('base64'),
    datacontenttype: 'application/octet-stream',
    id: randomUUID(),
    pubsubname: pubsubName,
    source: 'Dapr',
    specversion: '1.0',
    topic,
    type: 'com.dapr.event.sent',
  };
  for (const field of traceFields) if (metadata[field] !== undefined) event[field] = metadata[field];
  if (event['traceparent'] !== undefined) event['traceid'] = event['traceparent'];
  return { event, data: Buffer.from(JSON.stringify(event)) };
}

function attributesOf(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata)) {
    if (/^ce_/i.test(name)) attributes[name.slice(3).toLowerCase()] = value;
  }
  return attributes;
}

/** Whether the publisher wished the event gone by now. */
export function hasExpired(event: Event, now: number): boolean {
  const { expiration } = event;
  return typeof expiration === 'string' && Date.parse(expiration) < now;
}
