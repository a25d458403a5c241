import { create } from '@bufbuild/protobuf';
import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import type { Channel } from '#kit/grpc/client.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Metadata } from '#kit/grpc/transport.ts';
import { concurrencyGate } from '#kit/lifecycle/concurrency-gate.ts';
import {
  type HTTPExtension_Verb,
  HTTPExtension_VerbSchema,
  InvokeRequestSchema,
} from '#proto/dapr/proto/common/v1/common_pb.js';
import { AppCallback, AppCallbackHealthCheck } from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';
import { toGrpcMetadata } from '../invoke/headers.ts';
import { collect, type InvokeAnswer, type InvokeCall, noAnswer, noBody } from '../invoke/message.ts';
import type { AppChannel, ProbeResult } from './channel.ts';

export type GrpcChannelOptions = {
  channel: Channel;
  maxConcurrency: number;
  appToken?: string | undefined;
  healthy?: (() => boolean) | undefined;
};

/** The channel to an app that serves `AppCallback`. */
export function createGrpcChannel(options: GrpcChannelOptions): AppChannel {
  const gate = concurrencyGate(options.maxConcurrency);
  return {
    protocol: 'grpc',
    async invoke(call, signal) {
      if (options.healthy?.() === false) throw fault('app-channel', 'app is not in a healthy state');
      const leave = await gate.enter(signal);
      try {
        return await onInvoke(options, call, signal);
      } finally {
        leave();
      }
    },
    probe: (_path, timeoutMs) => probe(options.channel, timeoutMs),
    [Symbol.asyncDispose]: () => options.channel[Symbol.asyncDispose](),
  };
}

async function onInvoke(
  options: GrpcChannelOptions,
  call: InvokeCall,
  signal: AbortSignal | undefined,
): Promise<InvokeAnswer> {
  const metadata = toGrpcMetadata(call.headers, call.from === 'http');
  delete metadata['dapr-api-token'];
  if (options.appToken) metadata['dapr-api-token'] = options.appToken;
  const message = create(InvokeRequestSchema, {
    method: call.method,
    data: { typeUrl: call.typeUrl, value: await collect(call.body) },
    contentType: call.contentType,
    ...(call.verb === '' ? {} : { httpExtension: { verb: verbOf(call.verb), querystring: call.query } }),
  });
  try {
    const answer = await options.channel.unaryResponse(AppCallback.method.onInvoke, message, { signal, metadata });
    const { data, contentType } = answer.message;
    return {
      ...noAnswer,
      contentType,
      typeUrl: data?.typeUrl ?? '',
      headers: withoutGrpc(answer.headers),
      trailers: withoutGrpc(answer.trailers),
      body: data === undefined ? noBody : Buffer.from(data.value.buffer, data.value.byteOffset, data.value.byteLength),
    };
  } catch (thrown) {
    if (!(thrown instanceof StatusError)) throw thrown;
    return { ...noAnswer, status: thrown.code, message: thrown.message, details: thrown.details };
  }
}

function withoutGrpc(metadata: Metadata): Metadata {
  return Object.fromEntries(
    Object.entries(metadata).filter(
      ([name]) => !name.startsWith(':') && !name.startsWith('grpc-') && name !== 'content-type',
    ),
  );
}

/** The protobuf enum of an HTTP verb; NONE for one it does not know. */
export function verbOf(verb: string): HTTPExtension_Verb {
  return HTTPExtension_VerbSchema.values.find((value) => value.name === verb)?.number ?? 0;
}

/** The verb of the protobuf enum; empty for NONE. */
export function verbName(verb: HTTPExtension_Verb | undefined): string {
  return verb === undefined || verb === 0 ? '' : (HTTPExtension_VerbSchema.value[verb]?.name ?? '');
}

async function probe(channel: Channel, timeoutMs: number): Promise<ProbeResult> {
  try {
    await channel.unary(AppCallbackHealthCheck.method.healthCheck, {}, { timeoutMs });
    return { healthy: true, reason: '', status: 0 };
  } catch (thrown) {
    const status = thrown instanceof StatusError ? thrown.code : grpcCode.UNKNOWN;
    return { healthy: false, reason: `Health check failed: ${(thrown as Error).message}`, status };
  }
}
