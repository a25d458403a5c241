import { toFault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import type { Channel } from '#kit/grpc/client.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { trailersStatus } from '#kit/grpc/trailers.ts';
import type { Metadata } from '#kit/grpc/transport.ts';
import type { HttpCall, HttpResponse } from '#kit/http/call.ts';
import { fromGrpcHeader, methodPath, statusHeader, typeUrlHeader, wholeUpTo } from './direct.ts';
import { endToEnd } from './headers.ts';
import { type InvokeAnswer, type InvokeCall, isStream, noAnswer } from './message.ts';

/** Calls the app of another sidecar in the form of `direct.ts`, which it has to serve. Rejects with a `StatusError`. */
export async function callDirect(
  channel: Channel,
  call: InvokeCall,
  signal: AbortSignal | undefined,
): Promise<InvokeAnswer> {
  try {
    return await answerOf(await channel.plain(requestOf(call, signal)));
  } catch (thrown) {
    if (thrown instanceof StatusError) throw thrown;
    const problem = toFault(thrown);
    throw new StatusError(codes[problem.key] ?? grpcCode.INTERNAL, problem.message, [], thrown);
  }
}

const codes: Readonly<Record<string, StatusError['code']>> = {
  unavailable: grpcCode.UNAVAILABLE,
  cancelled: grpcCode.CANCELLED,
};

function requestOf(call: InvokeCall, signal: AbortSignal | undefined): HttpCall {
  const headers = endToEnd(call.headers);
  if (call.contentType !== '') headers['content-type'] = call.contentType;
  if (call.from === 'grpc') headers[fromGrpcHeader] = 'true';
  if (call.typeUrl !== '') headers[typeUrlHeader] = call.typeUrl;
  const path = `/${methodPath(call.method)}${call.query === '' ? '' : `?${call.query}`}`;
  const body = isStream(call.body) || call.body.length > 0 ? call.body : undefined;
  return { method: call.verb, path, headers, body, signal };
}

async function answerOf({ status, headers, body }: HttpResponse): Promise<InvokeAnswer> {
  const length = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  const taken = length <= wholeUpTo ? await body.read(wholeUpTo) : body;
  if (headers[statusHeader] !== undefined) throw trailersStatus(headers as Metadata) ?? broken;
  return {
    ...noAnswer,
    status,
    headers: headers as Metadata,
    contentType: String(headers['content-type'] ?? ''),
    body: taken,
  };
}

const broken = new StatusError(grpcCode.INTERNAL, 'the sidecar answered a status that cannot be read');
