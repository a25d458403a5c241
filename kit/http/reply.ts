import type { HttpReply } from './message.ts';

/** What a caller gets when a handler threw: the handler has logged why. */
export const failedReply: HttpReply = Object.freeze({ status: 500 });

/** The bytes of a reply's body; undefined where they are not known ahead, or where there may be none. */
function lengthOf({ status, body }: HttpReply): number | undefined {
  if (status === 204 || status === 304 || status < 200) return undefined;
  if (body === undefined) return 0;
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.byteLength : undefined;
}

/** Whether a body goes out as a stream. */
export function isStream(body: HttpReply['body']): body is AsyncIterable<Uint8Array> {
  return body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
}

/**
 * A reply's headers, those that follow from the body included. An empty `content-type` sends none. With `toHead` the
 * body is not there to be measured: the length is what the reply's own headers say, if anything.
 */
export function headersOf(reply: HttpReply, contentType: string, toHead = false): Record<string, string | string[]> {
  const headers = { ...reply.headers } as Record<string, string | string[]>;
  const length = toHead ? undefined : lengthOf(reply);
  if (length !== undefined) headers['content-length'] = String(length);
  if (headers['content-type'] === '') delete headers['content-type'];
  else if (reply.body !== undefined && headers['content-type'] === undefined) headers['content-type'] = contentType;
  return headers;
}
