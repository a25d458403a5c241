import { setTimeout as pause } from 'node:timers/promises';
import type { GrpcCode } from '#kit/errors/table.ts';
import type {
  SimpleRequest,
  StreamingInputCallRequest,
  StreamingOutputCallRequest,
} from '#proto/grpc/testing/messages_pb.js';
import { TestService } from '#proto/grpc/testing/test_pb.js';
import type { Call } from '../call.ts';
import { type Implementation, implement } from '../service.ts';
import { StatusError } from '../status.ts';

const echoedHeader = 'x-grpc-test-echo-initial';
const echoedTrailer = 'x-grpc-test-echo-trailing-bin';

/** gRPC's interop test service. Source: grpc/doc/interop-test-descriptions.md. */
export function interopService(): Implementation {
  return implement(TestService, {
    emptyCall: () => ({}),
    unaryCall(request: SimpleRequest, call) {
      echoMetadata(call);
      refuseIfAsked(request);
      call.gzip = request.responseCompressed?.value === true;
      return { payload: { body: Buffer.alloc(request.responseSize) } };
    },
    async *streamingOutputCall(request, call) {
      yield* outputs(request, call);
    },
    async streamingInputCall(requests: AsyncIterable<StreamingInputCallRequest>) {
      let aggregatedPayloadSize = 0;
      for await (const { payload } of requests) aggregatedPayloadSize += payload?.body.length ?? 0;
      return { aggregatedPayloadSize };
    },
    async *fullDuplexCall(requests, call) {
      echoMetadata(call);
      for await (const request of requests) {
        refuseIfAsked(request);
        yield* outputs(request, call);
      }
    },
    async *halfDuplexCall(requests, call) {
      const all: StreamingOutputCallRequest[] = [];
      for await (const request of requests) all.push(request);
      for (const request of all) yield* outputs(request, call);
    },
  });
}

async function* outputs(request: StreamingOutputCallRequest, call: Call) {
  for (const { size, intervalUs } of request.responseParameters) {
    if (intervalUs > 0) await pause(intervalUs / 1000, undefined, { signal: call.signal });
    yield { payload: { body: Buffer.alloc(size) } };
  }
}

function echoMetadata(call: Call): void {
  const header = call.header(echoedHeader);
  const trailer = call.header(echoedTrailer);
  if (header !== undefined) call.responseHeaders[echoedHeader] = header;
  if (trailer !== undefined) call.responseTrailers[echoedTrailer] = trailer;
}

function refuseIfAsked({ responseStatus }: Pick<SimpleRequest, 'responseStatus'>): void {
  if (responseStatus !== undefined && responseStatus.code !== 0) {
    throw new StatusError(responseStatus.code as GrpcCode, responseStatus.message);
  }
}
