import type { MiddlewareBody, MiddlewareRequest, MiddlewareResponse } from '#contracts/middleware.ts';
import type { HttpCall, HttpClient, HttpResponse } from '#kit/http/call.ts';
import { collect } from '../invoke/message.ts';
import type { Pipeline } from '../middleware/pipeline.ts';

/** Sends a request to the app by way of `spec.appHttpPipeline`. */
export async function throughPipeline(
  client: HttpClient,
  pipeline: Pipeline,
  call: HttpCall,
): Promise<MiddlewareResponse> {
  const body = middlewareBody(call.body);
  const signal = call.signal ?? new AbortController().signal;
  const request = { method: call.method, url: call.path, headers: call.headers ?? {}, remoteAddress: '', body };
  let response: HttpResponse | undefined;
  const answer = await pipeline(
    request,
    async (changed) => {
      response = await client.call(callOf(call, body, changed));
      return {
        status: response.status,
        headers: response.headers as MiddlewareResponse['headers'],
        body: response.body,
      };
    },
    signal,
  );
  if (response && answer.body !== response.body) response.body.cancel();
  return answer;
}

function callOf(call: HttpCall, from: MiddlewareBody, { method, url, headers, body }: MiddlewareRequest): HttpCall {
  if (body === from) return { ...call, method, path: url, headers };
  const { 'content-length': _, ...unsized } = headers;
  const bytes = body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : body;
  return { ...call, method, path: url, headers: unsized, body: bytes, bodyBytes: undefined };
}

function middlewareBody(body: HttpCall['body']): MiddlewareBody {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  return { read: () => collect(body), [Symbol.asyncIterator]: () => body[Symbol.asyncIterator]() };
}
