import {
  create,
  type DescField,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { FrameWriter } from './frame-writer.ts';

/** Writes a message of one type, given whole or as its initial fields, as a frame without compression. */
export type FrameEncoder<S extends DescMessage> = (message: MessageInitShape<S>) => Buffer;

type Init = Readonly<Record<string, unknown>>;
type WriteMessage = (writer: FrameWriter, message: Init) => void;
type WriteValue = (writer: FrameWriter, value: never) => void;

const compiled = new WeakMap<DescMessage, WriteMessage>();

/**
 * The encoder of a message type, compiled once. It writes what servers and clients of kit/grpc send: protobuf-es makes
 * a message of the initial fields and grows a buffer for each. Kinds of fields that are rare here it leaves to
 * protobuf-es, one by one; the bytes are the same.
 */
export function frameEncoder<S extends DescMessage>(schema: S): FrameEncoder<S> {
  const write = messageWriter(schema);
  const writer = new FrameWriter();
  return (message) => {
    writer.begin();
    write(writer, message as Init);
    return writer.finish();
  };
}

function messageWriter(schema: DescMessage): WriteMessage {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  if (schema.file.edition !== proto3) return (to, init) => to.raw(toBinary(schema, create(schema, init as never)));
  const fields: WriteMessage[] = [];
  const write: WriteMessage = (to, message) => {
    for (let i = 0; i < fields.length; i++) fields[i]!(to, message);
    const { $unknown } = message as MessageShape<DescMessage>;
    if ($unknown === undefined) return;
    for (const { no, wireType, data } of $unknown) {
      to.varint(((no << 3) | wireType) >>> 0);
      to.raw(data);
    }
  };
  // Known before its fields are, for messages that hold their own kind.
  compiled.set(schema, write);
  for (const field of schema.fields.toSorted((a, b) => a.number - b.number)) fields.push(fieldWriter(schema, field));
  return write;
}

const proto3 = 999;
const lengthDelimited = 2;
const implicitPresence = 2;

function fieldWriter(schema: DescMessage, field: DescField): WriteMessage {
  const { localName } = field;
  const value = valueWriter(field);
  if (value === undefined) return byProtobuf(schema, field);
  if (field.oneof !== undefined) {
    const { localName: oneof } = field.oneof;
    return (to, message) => {
      const chosen = message[oneof] as { case?: string; value?: unknown } | undefined;
      if (chosen?.case === localName) value(to, chosen.value as never);
    };
  }
  if (field.fieldKind === 'list') {
    return (to, message) => {
      const items = message[localName] as readonly unknown[] | undefined;
      if (items !== undefined) for (let i = 0; i < items.length; i++) value(to, items[i] as never);
    };
  }
  if (field.fieldKind === 'map') return mapWriter(field.number, localName, value);
  if (field.presence === implicitPresence) {
    return (to, message) => {
      const given = message[localName];
      if (given !== undefined && !isZero(given)) value(to, given as never);
    };
  }
  return (to, message) => {
    const given = message[localName];
    if (given !== undefined) value(to, given as never);
  };
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (value instanceof Uint8Array && value.length === 0);
}

/** Entries are messages with the key as field 1 and the value as field 2. */
function mapWriter(number: number, localName: string, value: WriteValue): WriteMessage {
  const tag = (number << 3) | lengthDelimited;
  return (to, message) => {
    const record = message[localName] as Readonly<Record<string, unknown>> | undefined;
    if (record === undefined) return;
    for (const key of Object.keys(record)) {
      to.varint(tag);
      const entry = to.fork();
      to.varint(keyTag);
      to.text(key);
      value(to, record[key] as never);
      to.join(entry);
    }
  };
}

const keyTag = (1 << 3) | lengthDelimited;
const valueNumber = 2;

/** What writes one value with its tag; undefined for what is left to protobuf-es. */
function valueWriter(field: DescField): WriteValue | undefined {
  const { number } = field;
  switch (field.fieldKind) {
    case 'map':
      if (field.mapKey !== ScalarType.STRING) return undefined;
      if (field.mapKind === 'message') return childWriter(valueNumber, field.message);
      return field.mapKind === 'scalar' ? scalarWriter(valueNumber, field.scalar) : undefined;
    case 'list':
      if (field.listKind === 'message') return field.delimitedEncoding ? undefined : childWriter(number, field.message);
      return field.listKind === 'scalar' && !field.packed ? scalarWriter(number, field.scalar) : undefined;
    case 'message':
      return field.delimitedEncoding ? undefined : childWriter(number, field.message);
    case 'enum':
      return scalarWriter(number, ScalarType.INT32);
    case 'scalar':
      return scalarWriter(number, field.scalar);
  }
}

function childWriter(number: number, schema: DescMessage): WriteValue | undefined {
  // protobuf-es holds these as plain values.
  if (schema.typeName === 'google.protobuf.Struct' || isWrapperDesc(schema)) return undefined;
  const tag = (number << 3) | lengthDelimited;
  const write = messageWriter(schema);
  return (to, message: Init) => {
    to.varint(tag);
    const fork = to.fork();
    write(to, message);
    to.join(fork);
  };
}

function scalarWriter(number: number, type: ScalarType): WriteValue | undefined {
  const tag = number << 3;
  switch (type) {
    case ScalarType.STRING:
      return (to, text: string) => {
        to.varint(tag | lengthDelimited);
        to.text(typeof text === 'string' ? text : String(text));
      };
    case ScalarType.BYTES:
      return (to, bytes: Uint8Array) => {
        if (!(bytes instanceof Uint8Array)) throw new TypeError(`field ${number} holds no bytes`);
        to.varint(tag | lengthDelimited);
        to.bytes(bytes);
      };
    case ScalarType.BOOL:
      return (to, yes: boolean) => {
        to.varint(tag);
        to.varint(yes ? 1 : 0);
      };
    case ScalarType.INT32:
    case ScalarType.UINT32:
      return (to, figure: number) => {
        if (!Number.isInteger(figure)) throw new TypeError(`field ${number} holds no whole number: ${figure}`);
        to.varint(tag);
        if (type === ScalarType.INT32) to.int32(figure);
        else to.varint(figure);
      };
    default:
      return undefined;
  }
}

/** Writes one field, or the whole of its oneof where it is the chosen one, as protobuf-es does. */
function byProtobuf(schema: DescMessage, field: DescField): WriteMessage {
  const { localName, oneof } = field;
  return (to, message) => {
    const name = oneof?.localName ?? localName;
    const given = message[name];
    if (given === undefined || (oneof !== undefined && (given as { case?: string }).case !== localName)) return;
    to.raw(toBinary(schema, create(schema, { [name]: given } as never)));
  };
}
