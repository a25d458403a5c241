import { Fault, fault } from '#kit/errors/fault.ts';
import { badRequest } from './kind.ts';

type Payload = { data: Uint8Array; seq: bigint };
/** A message of either stream: options in the first, parts of the body in any. */
export type CryptoMessage<O> = { options?: O | undefined; payload?: Payload | undefined };

/** Takes the options from the first message; the body follows. */
export async function opening<O>(
  messages: AsyncIterable<CryptoMessage<O>>,
): Promise<{ options: O; body: AsyncIterable<Uint8Array> }> {
  const source = messages[Symbol.asyncIterator]();
  const first = await source.next();
  if (first.done) throw operationFailed(new Error('error receiving the first message: EOF'));
  const { options, payload } = first.value;
  if (options === undefined) throw badRequest('first message does not contain the required options');
  return { options, body: bodyOf(payload, source) };
}

async function* bodyOf<O>(
  first: Payload | undefined,
  source: AsyncIterator<CryptoMessage<O>>,
): AsyncGenerator<Uint8Array> {
  let expected = 0n;
  const inOrder = ({ data, seq }: Payload): Uint8Array => {
    if (seq !== expected) throw new Error(`invalid sequence number received: ${seq} (expected: ${expected})`);
    expected++;
    return data;
  };
  if (first !== undefined) yield inOrder(first);
  for (let next = await source.next(); !next.done; next = await source.next()) {
    const { options, payload } = next.value;
    if (options !== undefined) throw new Error('options found in non-leading message');
    if (payload !== undefined) yield inOrder(payload);
  }
}

/** Answers a stream of bytes in numbered messages. What goes wrong becomes the fault of the API. */
export async function* numbered(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<{ payload: Payload }> {
  let seq = 0n;
  try {
    for await (const data of chunks) yield { payload: { data, seq: seq++ } };
  } catch (thrown) {
    throw operationFailed(thrown);
  }
}

function operationFailed(cause: unknown): Fault {
  if (cause instanceof Fault && cause.key.startsWith('crypto-')) return cause;
  return fault('crypto-operation', `failed to perform operation: ${(cause as Error).message}`, { cause });
}

/** The messages of a body that came whole, behind its options. */
export async function* messagesOf<O>(options: O, body: Uint8Array) {
  yield { options };
  yield { payload: { data: body, seq: 0n } };
}

/** The whole of an answer. HTTP answers are not streamed, so that their status tells whether all went well. */
export async function whole(messages: AsyncIterable<{ payload?: { data?: Uint8Array } | undefined }>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const { payload } of messages) if (payload?.data) chunks.push(payload.data);
  return Buffer.concat(chunks);
}

export const octets = (body: Uint8Array) => ({
  status: 200,
  headers: { 'content-type': 'application/octet-stream' },
  body,
});
