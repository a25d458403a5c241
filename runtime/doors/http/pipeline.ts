import type { MiddlewareBody, MiddlewareRequest, MiddlewareResponse } from '#contracts/middleware.ts';
import { toFault } from '#kit/errors/fault.ts';
import type { RestReply } from '../../blocks/rest.ts';
import type { Pipeline } from '../../middleware/pipeline.ts';
import { apiTokenHeader, type TokenCheck } from '../../stages/api-token.ts';
import type { IncomingCall } from './call.ts';
import type { HttpDoor } from './door.ts';
import { faultReply } from './fault-reply.ts';

/**
 * Puts `spec.httpPipeline` before a door. Calls without the API token never reach the middleware: the door refuses
 * them, or serves what is open.
 */
export function withPipeline(door: HttpDoor, pipeline: Pipeline | undefined, token: TokenCheck | undefined): HttpDoor {
  if (pipeline === undefined) return door;
  return async (incoming) => {
    if (token !== undefined && !token(incoming.headers[apiTokenHeader] as string | undefined)) return door(incoming);
    try {
      const request = requestOf(incoming);
      const last = async (changed: MiddlewareRequest): Promise<MiddlewareResponse> =>
        responseOf(await door(callOf(incoming, request, changed)));
      const { status, headers, body } = await pipeline(request, last, incoming.signal);
      return { status, headers, body };
    } catch (thrown) {
      return faultReply(toFault(thrown));
    }
  };
}

const nothing = Buffer.alloc(0);

function requestOf(incoming: IncomingCall): MiddlewareRequest {
  const body: MiddlewareBody = incoming.hasBody
    ? { read: () => incoming.read(), [Symbol.asyncIterator]: () => incoming.stream[Symbol.asyncIterator]() }
    : nothing;
  const { method, url, headers } = incoming;
  const { remoteAddress = '' } = incoming as { remoteAddress?: string };
  return { method, url, headers: headers as MiddlewareRequest['headers'], remoteAddress, body };
}

/** The call as middleware left it; a body that it did not touch is passed as it comes. */
function callOf(
  incoming: IncomingCall,
  from: MiddlewareRequest,
  { method, url, headers, body }: MiddlewareRequest,
): IncomingCall {
  const shared = { method, url, headers, signal: incoming.signal };
  if (body === from.body)
    return { ...shared, hasBody: incoming.hasBody, read: () => incoming.read(), stream: incoming.stream };
  if (!(body instanceof Uint8Array))
    return { ...shared, hasBody: true, read: async () => Buffer.from(await body.read()), stream: buffers(body) };
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const sized = { ...headers, 'content-length': String(bytes.length) };
  return { ...shared, headers: sized, hasBody: bytes.length > 0, read: async () => bytes, stream: once(bytes) };
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  if (bytes.length > 0) yield bytes;
}

async function* buffers(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of body) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

const responseOf = ({ status, headers = {}, body = nothing }: RestReply): MiddlewareResponse => ({
  status,
  headers,
  body,
});
