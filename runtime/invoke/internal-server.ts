import type { MessageInitShape } from '@bufbuild/protobuf';
import { grpcCode } from '#kit/errors/table.ts';
import type { Call } from '#kit/grpc/call.ts';
import { type Implementation, implement } from '#kit/grpc/service.ts';
import { StatusError } from '#kit/grpc/status.ts';
import {
  type InternalInvokeRequestStream,
  type InternalInvokeResponseStreamSchema,
  ServiceInvocation,
} from '#proto/dapr/proto/internals/v1/service_invocation_pb.js';
import { joined, numbered, wholeBody } from './chunks.ts';
import { announcedLength, callFrom, responseHead } from './internal-message.ts';
import { collect, type InvokeAnswer, isStream } from './message.ts';
import { type ServeOptions, serve } from './serve.ts';

type ResponseChunk = MessageInitShape<typeof InternalInvokeResponseStreamSchema>;

/** What other sidecars call to reach the own app: `internals.v1.ServiceInvocation`. */
export function createInternalServer(options: ServeOptions): Implementation {
  return implement(ServiceInvocation, {
    callLocal: async (request, call) => {
      if (request.message === undefined) throw malformed('field Message is nil');
      const data = request.message.data?.value ?? new Uint8Array();
      const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      const answer = await serve(options, callFrom(request, body), call.peer, call.signal);
      return responseHead(answer, await collect(answer.body));
    },
    callLocalStream: (requests, call) => stream(options, requests, call),
  });
}

async function* stream(
  options: ServeOptions,
  requests: AsyncIterable<InternalInvokeRequestStream>,
  call: Call,
): AsyncGenerator<ResponseChunk> {
  const chunks = requests[Symbol.asyncIterator]();
  const first = await chunks.next();
  const request = first.done ? undefined : first.value.request;
  if (first.done || request?.message === undefined)
    throw malformed('request does not contain the required fields in the leading chunk');
  const body =
    wholeBody(first.value, announcedLength(request.metadata)) ??
    joined(first.value, chunks, (chunk) => chunk.request !== undefined);
  const answer = await serve(options, callFrom(request, body), call.peer, call.signal);
  yield* answerChunks(answer);
}

/** The head goes with the first piece of a body in hand; before a body that streams it goes at once. */
async function* answerChunks(answer: InvokeAnswer): AsyncGenerator<ResponseChunk> {
  const response = responseHead(answer);
  let first = true;
  if (isStream(answer.body)) {
    yield { response };
    first = false;
  }
  for await (const payload of numbered(answer.body)) {
    yield first ? { response, payload } : { payload };
    first = false;
  }
  if (first) yield { response };
}

const malformed = (why: string) =>
  new StatusError(grpcCode.INVALID_ARGUMENT, `parsing InternalInvokeRequest error: ${why}`);
