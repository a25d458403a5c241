import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { StreamPayload } from '#proto/dapr/proto/common/v1/common_pb.js';
import { type Body, isStream, noBody } from './message.ts';

/** Largest piece of a body in one message, in bytes. */
const pieceBytes = 65_536;

type Chunk = { payload?: StreamPayload | undefined };

/** A body in numbered pieces, as sidecars send it. */
export async function* numbered(body: Body): AsyncGenerator<{ data: Uint8Array; seq: bigint }> {
  let seq = 0n;
  if (!isStream(body)) {
    for (let at = 0; at < body.length; at += pieceBytes) yield { data: body.subarray(at, at + pieceBytes), seq: seq++ };
    return;
  }
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; at += pieceBytes)
      yield { data: chunk.subarray(at, at + pieceBytes), seq: seq++ };
  }
}

/**
 * The body, if its announced length is all in the first message: then it need not be read as a stream. A length that is
 * not announced, or more to come, gives undefined.
 */
export function wholeBody(first: Chunk, announced: string | undefined): Buffer | undefined {
  if (announced === undefined) return undefined;
  const data = first.payload?.data;
  if (Number(announced) === 0 && data === undefined) return noBody;
  if (data === undefined || data.length !== Number(announced)) return undefined;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * The body of a stream of messages whose first was read already. Throws where a piece is missing, or where a later
 * message bears a head.
 */
export async function* joined<C extends Chunk>(
  first: C,
  rest: AsyncIterator<C>,
  hasHead: (chunk: C) => boolean,
): AsyncGenerator<Uint8Array> {
  let expected = 0n;
  let chunk = first;
  let ended = false;
  try {
    for (;;) {
      const { payload } = chunk;
      if (payload !== undefined) {
        if (payload.seq !== expected)
          throw broken(`invalid sequence number received: ${payload.seq} (expected: ${expected})`);
        expected += 1n;
        if (payload.data.length > 0) yield payload.data;
      }
      const next = await rest.next();
      ended = next.done === true;
      if (next.done) return;
      chunk = next.value;
      if (hasHead(chunk)) throw broken('metadata found in non-leading chunk');
    }
  } finally {
    if (!ended) await rest.return?.();
  }
}

const broken = (why: string) => new StatusError(grpcCode.INTERNAL, why);
