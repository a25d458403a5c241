import { randomUUID } from 'node:crypto';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import type { Logger } from '#kit/log/logger.ts';
import { formatTraceBin, parseTraceparent } from '#kit/telemetry/tracing/trace-context.ts';
import {
  AppCallback,
  AppCallbackAlpha,
  TopicEventResponse_TopicEventResponseStatus as Status,
} from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';
import { eventFields, topicEvent } from './grpc-event.ts';
import { type BulkLetter, headersOf, NotTaken, type Postman, traceHeaders, type Verdict } from './postman.ts';
import type { Event } from './route.ts';

export type GrpcPostmanOptions = {
  /** Undefined while the app cannot be reached. */
  app(): Pick<Transport, 'unary'> | undefined;
  /** Sent as `dapr-api-token`. */
  token: string | undefined;
  log: Logger;
};

/** Calls the `AppCallback` service of a gRPC app. */
export function grpcPostman({ app, token, log }: GrpcPostmanOptions): Postman {
  const reach = () => {
    const channel = app();
    if (channel === undefined) throw new NotTaken('there is no app to deliver to');
    return channel;
  };
  const withToken = (metadata: Record<string, string>) => (token ? { ...metadata, 'dapr-api-token': token } : metadata);
  return {
    async deliver(letter, signal) {
      const metadata = withToken({ ...headersOf(letter.metadata), ...grpcTrace(letter.event) });
      try {
        const { status } = await reach().unary(AppCallback.method.onTopicEvent, topicEvent(letter), {
          signal,
          metadata,
        });
        return verdictOf(status, letter.event['id']);
      } catch (thrown) {
        if (codeOf(thrown) !== grpcCode.UNIMPLEMENTED) throw refused(letter.event['id'], thrown);
        // As in Dapr, such a message is gone: it does not even become a dead letter.
        log.warn(
          `non-retriable error returned from app while processing pub/sub event ${letter.event['id']}: ${(thrown as Error).message}`,
        );
        return 'ack';
      }
    },
    async deliverBulk(letter, signal) {
      const request = bulkRequest(letter);
      const options = { signal, metadata: withToken(headersOf(letter.metadata)) };
      try {
        const { statuses } = await callStableOrAlpha(reach(), request, options);
        return new Map(statuses.map(({ entryId, status }) => [entryId, bulkVerdict(status)] as const));
      } catch (thrown) {
        if (codeOf(thrown) !== grpcCode.UNIMPLEMENTED) throw refused(request.id, thrown);
        return new Map(letter.entries.map(({ entryId }) => [entryId, 'drop'] as const));
      }
    },
  };
}

async function callStableOrAlpha(
  app: Pick<Transport, 'unary'>,
  request: ReturnType<typeof bulkRequest>,
  options: { signal: AbortSignal; metadata: Record<string, string> },
) {
  try {
    return await app.unary(AppCallback.method.onBulkTopicEvent, request, options);
  } catch (thrown) {
    if (codeOf(thrown) !== grpcCode.UNIMPLEMENTED) throw thrown;
    return await app.unary(AppCallbackAlpha.method.onBulkTopicEventAlpha1, request, options);
  }
}

/** The trace in both of gRPC's spellings. */
function grpcTrace(event: Event): Record<string, string> {
  const headers = traceHeaders(event);
  const context = parseTraceparent(headers['traceparent'], headers['tracestate']);
  return context ? { ...headers, 'grpc-trace-bin': formatTraceBin(context).toString('base64') } : headers;
}

function bulkRequest({ topic, pubsubName, path, metadata, raw, entries }: BulkLetter) {
  return {
    id: randomUUID(),
    topic,
    pubsubName,
    path,
    type: 'com.dapr.event.sent.bulk',
    metadata: { ...metadata },
    entries: entries.map(({ entryId, contentType, data, event, metadata: own }) => ({
      entryId,
      contentType,
      metadata: { ...own },
      event: raw
        ? ({ case: 'bytes', value: data } as const)
        : ({ case: 'cloudEvent', value: eventFields(event) } as const),
    })),
  };
}

/** What the app has said of an event. Throws `NotTaken` where it asks for it again. */
export function verdictOf(status: Status, id: unknown): Verdict {
  if (status === Status.SUCCESS) return 'ack';
  if (status === Status.DROP) return 'drop';
  throw new NotTaken(`the app answered status ${Status[status] ?? status} to event ${String(id)}`);
}

const bulkVerdict = (status: Status): Verdict | 'retry' =>
  status === Status.SUCCESS ? 'ack' : status === Status.DROP ? 'drop' : 'retry';

const codeOf = (thrown: unknown) => (thrown instanceof StatusError ? thrown.code : undefined);

const refused = (id: unknown, thrown: unknown) =>
  thrown instanceof NotTaken
    ? thrown
    : new NotTaken(
        `error returned from app while processing pub/sub event ${String(id)}: ${(thrown as Error).message}`,
        codeOf(thrown),
        thrown,
      );
