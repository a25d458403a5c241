import type { MessageInitShape } from '@bufbuild/protobuf';
import { toFault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import type { Call } from '#kit/grpc/call.ts';
import { type Implementation, implement } from '#kit/grpc/service.ts';
import { StatusError } from '#kit/grpc/status.ts';
import {
  type InternalInvokeRequest,
  type InternalInvokeRequestStream,
  type InternalInvokeResponseStreamSchema,
  ServiceInvocation,
} from '#proto/dapr/proto/internals/v1/service_invocation_pb.js';
import { joined, numbered, wholeBody } from './chunks.ts';
import { announcedLength, callFrom, responseHead } from './internal-message.ts';
import {
  type Body,
  collect,
  discard,
  firstOf,
  type Invoke,
  type InvokeAnswer,
  type InvokeCall,
  isHttpAnswer,
  isStream,
} from './message.ts';
import { normalizeMethod } from './method-name.ts';
import { errorText } from './status.ts';

export type InternalServerOptions = {
  /** Calls the own app; undefined while there is no channel to it. */
  app(): Invoke | undefined;
  /** Throws to refuse the call of that peer; its method is the form that is forwarded. */
  authorize?(call: InvokeCall, peer: Call['peer']): void;
};

type ResponseChunk = MessageInitShape<typeof InternalInvokeResponseStreamSchema>;

/** What other sidecars call to reach the own app: `internals.v1.ServiceInvocation`. */
export function createInternalServer(options: InternalServerOptions): Implementation {
  return implement(ServiceInvocation, {
    callLocal: async (request, call) => {
      const data = request.message?.data?.value ?? new Uint8Array();
      const answer = await serve(options, request, Buffer.from(data.buffer, data.byteOffset, data.byteLength), call);
      return responseHead(answer, await collect(answer.body));
    },
    callLocalStream: (requests, call) => stream(options, requests, call),
  });
}

async function* stream(
  options: InternalServerOptions,
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
  const answer = await serve(options, request, body, call);
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

async function serve(
  options: InternalServerOptions,
  head: InternalInvokeRequest,
  body: Body,
  call: Call,
): Promise<InvokeAnswer> {
  const app = options.app();
  if (app === undefined) throw new StatusError(grpcCode.INTERNAL, 'app channel is not initialized');
  const invocation = { ...callFrom(head, body), method: normalized(head.message?.method ?? '') };
  options.authorize?.(invocation, call.peer);
  const answer = await app(invocation, call.signal).catch((thrown) => {
    throw noAnswerOfApp(errorText(thrown), thrown);
  });
  if (!wantsEvents(invocation) || !isHttpAnswer(answer) || (answer.status >= 200 && answer.status < 300)) return answer;
  await discard(answer);
  throw noAnswerOfApp('no response received from stream');
}

const noAnswerOfApp = (why: string, cause?: unknown) =>
  new StatusError(grpcCode.INTERNAL, `error invoking app channel: ${why}`, [], cause);

/** Whether the caller takes server-sent events only: an answer that is none has no place in its stream, as in Dapr. */
function wantsEvents({ headers }: InvokeCall): boolean {
  return firstOf(headers, 'accept')?.trim().toLowerCase() === 'text/event-stream';
}

function normalized(method: string): string {
  try {
    return normalizeMethod(method);
  } catch (thrown) {
    throw new StatusError(grpcCode.INVALID_ARGUMENT, toFault(thrown).message);
  }
}

const malformed = (why: string) =>
  new StatusError(grpcCode.INVALID_ARGUMENT, `parsing InternalInvokeRequest error: ${why}`);
