import { type DescMessage, fromBinary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { grpcCode } from '#kit/errors/table.ts';
import { pack, unpack } from './compression.ts';
import { type FrameEncoder, frameEncoder } from './encoder.ts';
import { frame, prefixLength } from './frame.ts';
import { isPromise } from './promise.ts';
import { StatusError } from './status.ts';

/** How the bytes of one direction of a call are read. */
export type Reading = { readonly encoding: string | undefined; readonly maxReceiveBytes: number };

const encoders = new WeakMap<DescMessage, FrameEncoder<DescMessage>>();

function encoderOf(schema: DescMessage): FrameEncoder<DescMessage> {
  const known = encoders.get(schema);
  if (known !== undefined) return known;
  const made = frameEncoder(schema);
  encoders.set(schema, made);
  return made;
}

/** A framed message, packed with gzip if asked. */
export function encodeFrame<S extends DescMessage>(
  schema: S,
  message: MessageInitShape<S>,
  gzip: boolean,
): Buffer | Promise<Buffer> {
  const framed = encoderOf(schema)(message as MessageInitShape<DescMessage>);
  if (!gzip) return framed;
  const packed = pack(framed.subarray(prefixLength));
  return isPromise(packed) ? packed.then(compressedFrame) : compressedFrame(packed);
}

const compressedFrame = (body: Buffer): Buffer => frame(body, true);

/** Throws INTERNAL for bytes which are not such a message. */
function decode<S extends DescMessage>(schema: S, body: Uint8Array): MessageShape<S> {
  try {
    return fromBinary(schema, body);
  } catch (cause) {
    throw new StatusError(grpcCode.INTERNAL, `a message cannot be read as ${schema.typeName}`, [], cause);
  }
}

/** The message of a frame. */
export function decodeFrame<S extends DescMessage>(
  schema: S,
  framed: Buffer,
  reading: Reading,
): MessageShape<S> | Promise<MessageShape<S>> {
  const body = unpack(framed, reading.encoding, reading.maxReceiveBytes);
  return isPromise(body) ? body.then((bytes) => decode(schema, bytes)) : decode(schema, body);
}

/** The messages of frames, unpacked and decoded one by one as they are asked for. */
export async function* decodeFrames<S extends DescMessage>(
  schema: S,
  frames: AsyncIterable<Buffer>,
  reading: Reading,
): AsyncGenerator<MessageShape<S>, void> {
  for await (const framed of frames) yield await decodeFrame(schema, framed, reading);
}
