import { jsonMember } from '../json-spans.ts';
import { isBinary, isCloudEvent, isCloudEventProtobuf, isJson } from './content-type.ts';

/** An event as a publisher hands it over. */
export type Publication = {
  data: Uint8Array;
  contentType: string;
  topic: string;
  pubsubName: string;
  /** App ID of the publisher. */
  source: string;
  metadata: Readonly<Record<string, string>>;
  /** Further attributes, which take the place of the sidecar's own. */
  attributes?: Readonly<Record<string, string>> | undefined;
  trace: { parent: string; state: string };
  /** Seconds after which the sidecar drops it; undefined where the broker sees to that, or it lives for ever. */
  lifeMs: number | undefined;
};

export type EnvelopeWorld = { now(): number; id(): string };

const specVersion = '1.0';
const defaultSource = 'Dapr';
const defaultType = 'com.dapr.event.sent';

/**
 * Wraps data into a CloudEvent, as JSON. JSON data goes in as it is, byte for byte. Data that is a CloudEvent already
 * keeps its attributes; topic and pubsubname are ours. Throws what `JSON.parse` throws for a CloudEvent that is none.
 * Source: Dapr `pkg/runtime/pubsub/cloudevents.go`, components-contrib `pubsub/envelope.go`.
 */
export function cloudEvent(publication: Publication, world: EnvelopeWorld): Buffer {
  const data = Buffer.from(publication.data.buffer, publication.data.byteOffset, publication.data.byteLength);
  return isCloudEvent(publication.contentType) ? adopt(publication, data, world) : wrap(publication, data, world);
}

function wrap(publication: Publication, data: Buffer, world: EnvelopeWorld): Buffer {
  const { contentType, topic, pubsubName, source, metadata, trace } = publication;
  const own = overrides(metadata);
  const traceParent = own.get('traceparent') || own.get('traceid') || trace.parent;
  const attributes: Record<string, string | undefined> = {
    datacontenttype: contentType || 'text/plain',
    expiration: expiration(publication, world),
    id: own.get('id') || world.id(),
    pubsubname: pubsubName,
    source: own.get('source') || source || defaultSource,
    specversion: specVersion,
    subject: own.get('subject') || undefined,
    time: rfc3339(world.now()),
    topic,
    traceid: traceParent,
    traceparent: traceParent,
    tracestate: own.get('tracestate') || trace.state,
    type: own.get('type') || defaultType,
    ...publication.attributes,
  };
  return envelope(dataMember(contentType, data), attributes);
}

/** Makes an event of the app's own into one of this topic. */
function adopt(publication: Publication, text: Buffer, world: EnvelopeWorld): Buffer {
  const { topic, pubsubName, trace } = publication;
  const parsed: unknown = JSON.parse(text.toString());
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error('a CloudEvent must be an object');
  const { data, ...attributes } = parsed as Record<string, unknown>;
  attributes['time'] ??= rfc3339(world.now());
  if (!('traceid' in attributes)) {
    attributes['traceid'] = trace.parent;
    attributes['traceparent'] = trace.parent;
  }
  if (!('tracestate' in attributes)) attributes['tracestate'] = trace.state;
  attributes['topic'] = topic;
  attributes['pubsubname'] = pubsubName;
  attributes['source'] ??= defaultSource;
  attributes['type'] ??= defaultType;
  attributes['specversion'] ??= specVersion;
  const expires = expiration(publication, world);
  if (expires !== undefined) attributes['expiration'] = expires;
  const raw = data === undefined ? undefined : jsonMember(text, 'data');
  return envelope(raw === undefined ? '' : `"data":${raw.toString()}`, attributes);
}

/** Metadata `cloudevent.<attribute>`, in any case, takes the place of what the sidecar would write. */
function overrides(metadata: Readonly<Record<string, string>>): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of Object.keys(metadata)) {
    if (/^cloudevent\./i.test(name)) found.set(name.slice('cloudevent.'.length).toLowerCase(), metadata[name]!);
  }
  return found;
}

function dataMember(contentType: string, data: Buffer): string {
  if (isBinary(contentType) || isCloudEventProtobuf(contentType)) return `"data_base64":"${data.toString('base64')}"`;
  const text = data.toString();
  return `"data":${isJson(contentType) && isValidJson(text) ? text : JSON.stringify(text)}`;
}

function isValidJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function envelope(data: string, attributes: Readonly<Record<string, unknown>>): Buffer {
  const rest = JSON.stringify(attributes).slice(1);
  return Buffer.from(data === '' ? `{${rest}` : `{${data},${rest}`);
}

const expiration = ({ lifeMs }: Publication, world: EnvelopeWorld): string | undefined =>
  lifeMs === undefined ? undefined : rfc3339(world.now() + lifeMs);

const rfc3339 = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
