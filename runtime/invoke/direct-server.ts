import { toStatus } from '#kit/grpc/fault-status.ts';
import type { PlainHandler } from '#kit/grpc/plain-request.ts';
import { statusTrailers } from '#kit/grpc/trailers.ts';
import type { Metadata } from '#kit/grpc/transport.ts';
import type { HttpReply, HttpRequest } from '#kit/http/message.ts';
import { fromGrpcHeader, statusHeader, typeUrlHeader, wholeUpTo } from './direct.ts';
import { endToEnd } from './headers.ts';
import { announcedBytes, type Body, type InvokeAnswer, type InvokeCall, isStream, noBody } from './message.ts';
import { type ServeOptions, serve } from './serve.ts';

/** Serves the calls of our own sidecars to an app that speaks HTTP. */
export function createDirectServer(options: ServeOptions): PlainHandler {
  return async (request, peer) => {
    try {
      const call = callOf(request, request.hasBody ? await bodyOf(request) : noBody);
      return replyOf(await serve(options, call, peer, request.signal));
    } catch (thrown) {
      const status = toStatus(thrown);
      return { status: 500, headers: { [statusHeader]: String(status.code), ...statusTrailers(status) } };
    }
  };
}

function callOf({ method: verb, url, headers }: HttpRequest, body: Body): InvokeCall {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url.slice(1) : url.slice(1, mark);
  const grpc = headers[fromGrpcHeader] !== undefined;
  return {
    method: path.includes('%') ? decodeURIComponent(path) : path,
    verb,
    query: mark < 0 ? '' : url.slice(mark + 1),
    contentType: String(headers['content-type'] ?? ''),
    typeUrl: String(headers[typeUrlHeader] ?? ''),
    headers: (grpc ? endToEnd(headers as Metadata) : headers) as Metadata,
    from: grpc ? 'grpc' : 'http',
    body,
    bodyBytes: isStream(body) ? announcedBytes(headers['content-length']) : undefined,
  };
}

/** A short body of known length is taken whole, any other passed as it comes. */
function bodyOf(request: HttpRequest): Body | Promise<Body> {
  const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  return length <= wholeUpTo ? request.read() : request.stream;
}

function replyOf({ status, headers, contentType, body }: InvokeAnswer): HttpReply {
  const own = endToEnd(headers);
  own['content-type'] = contentType;
  return { status, headers: own, body };
}
