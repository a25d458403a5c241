import type { MessageInitShape } from '@bufbuild/protobuf';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import {
  type InternalInvokeRequestStreamSchema,
  type InternalInvokeResponseStream,
  ServiceInvocation,
} from '#proto/dapr/proto/internals/v1/service_invocation_pb.js';
import { joined, numbered, wholeBody } from './chunks.ts';
import { traceMetadata, traceOf } from './headers.ts';
import { announcedLength, answerFrom, requestHead } from './internal-message.ts';
import type { InvokeAnswer, InvokeCall } from './message.ts';

type RequestChunk = MessageInitShape<typeof InternalInvokeRequestStreamSchema>;

/** Calls the app of another sidecar, a daprd of Dapr's too, which looks for the trace beside the call. Rejects with the peer's `StatusError`. */
export async function callRemote(
  transport: Transport,
  call: InvokeCall,
  signal: AbortSignal | undefined,
): Promise<InvokeAnswer> {
  const trace = traceOf(call.headers);
  const stream = transport.bidiStream(ServiceInvocation.method.callLocalStream, requests(call), {
    signal,
    ...(trace && { metadata: traceMetadata(trace) }),
  });
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<InternalInvokeResponseStream>;
  const first = await chunks.next();
  if (first.done || first.value.response?.status === undefined) {
    throw new StatusError(grpcCode.INTERNAL, 'response does not contain the required fields in the leading chunk');
  }
  const { response } = first.value;
  const whole = wholeBody(first.value, announcedLength(response.headers));
  // The peer ends the stream by itself: reading on lets it, where cancelling would count as a failed call there.
  if (whole !== undefined) chunks.next().catch(() => {});
  return answerFrom(response, whole ?? joined(first.value, chunks, (chunk) => chunk.response !== undefined));
}

/** The head goes with the first piece of the body, so that a small call is one message. */
async function* requests(call: InvokeCall): AsyncGenerator<RequestChunk> {
  const request = requestHead(call);
  let first = true;
  for await (const payload of numbered(call.body)) {
    yield first ? { request, payload } : { payload };
    first = false;
  }
  if (first) yield { request };
}
