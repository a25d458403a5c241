import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import type { ClientCall } from './client-call.ts';
import { encodeFrame } from './codec.ts';
import { toStatus } from './fault-status.ts';

/** Messages as frames, one by one as they are asked for. */
export async function* encodeFrames<S extends DescMessage>(
  schema: S,
  messages: AsyncIterable<MessageInitShape<S>>,
  gzip: boolean,
): AsyncGenerator<Buffer, void> {
  for await (const message of messages) yield await encodeFrame(schema, message, gzip);
}

/** Sends frames at the server's pace, then ends the requests. An error of the source ends the call. Never rejects. */
export async function sendRequests(call: ClientCall, frames: AsyncIterable<Buffer>): Promise<void> {
  try {
    await call.opened();
    for await (const frame of frames) {
      if (call.over) return;
      if (!call.send(frame)) await call.writable();
    }
    call.sent();
  } catch (thrown) {
    call.fail(toStatus(thrown));
  }
}
