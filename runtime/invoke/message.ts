import { fault } from '#kit/errors/fault.ts';
import type { StatusDetail } from '#kit/grpc/status.ts';
import type { Metadata } from '#kit/grpc/transport.ts';

/** A body in hand, or as it comes. */
export type Body = Buffer | AsyncIterable<Uint8Array>;

export const noBody: Buffer = Buffer.alloc(0);

export const isStream = (body: Body): body is AsyncIterable<Uint8Array> => !Buffer.isBuffer(body);

/** A call of one app by another, whatever protocol it came by and goes out by. */
export type InvokeCall = {
  /** Normalised path without leading slash or query: what is authorised and what is forwarded. */
  method: string;
  /** HTTP verb in capitals; empty where the caller gave none (gRPC). */
  verb: string;
  /** Raw query without `?`. */
  query: string;
  contentType: string;
  /** Type of a protobuf body from a gRPC caller. */
  typeUrl: string;
  /** HTTP headers or gRPC metadata, names in lower case. */
  headers: Metadata;
  /** Headers that an HTTP app gets just as they are here, over all others. */
  exact?: Readonly<Record<string, string>>;
  /** Which of the two the headers are: they are translated when they cross over. */
  from: 'http' | 'grpc';
  body: Body;
  /** Bytes of a body that streams, where its sender announced them. */
  bodyBytes?: number | undefined;
};

/** A call of the sidecar's own to a path of the app, with a JSON body. */
export const callOf = (verb: string, path: string, headers: Metadata, body: Buffer): InvokeCall => ({
  method: path.replace(/^\/+/, ''),
  verb,
  query: '',
  contentType: 'application/json',
  typeUrl: '',
  headers,
  from: 'http',
  body,
});

/** The number of a header `content-length`; undefined without one, or where it is none. */
export const announcedBytes = (length: unknown): number | undefined =>
  /^\d{1,15}$/.test(String(length)) ? Number(length) : undefined;

/** What an app answered. */
export type InvokeAnswer = {
  /** HTTP status (100 and above) or gRPC code (16 and below). */
  status: number;
  /** Message and details of a gRPC status. */
  message: string;
  details: readonly StatusDetail[];
  contentType: string;
  typeUrl: string;
  headers: Metadata;
  trailers: Metadata;
  body: Body;
};

/** A successful gRPC answer with nothing in it, to be filled. */
export const noAnswer: InvokeAnswer = Object.freeze({
  status: 0,
  message: '',
  details: [],
  contentType: '',
  typeUrl: '',
  headers: {},
  trailers: {},
  body: noBody,
});

/** Whether the app answered over HTTP. */
export const isHttpAnswer = (answer: InvokeAnswer): boolean => answer.status >= 100;

/** Makes the call; rejects where there is no answer at all. */
export type Invoke = (call: InvokeCall, signal: AbortSignal | undefined) => Promise<InvokeAnswer>;

/** A body as one buffer. Throws what the stream throws, and `too-large` for one that streams beyond `maxBytes`. */
export async function collect(body: Body, maxBytes = Number.POSITIVE_INFINITY): Promise<Buffer> {
  if (!isStream(body)) return body;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw fault('too-large', `the body has more than ${maxBytes} bytes (--max-body-size)`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** The first value of a header. */
export function firstOf(headers: Metadata, name: string): string | undefined {
  const value = headers[name];
  return value === undefined || typeof value === 'string' ? value : value[0];
}

/** Ends the body of an answer that nobody will read, so that its connection and its place are free again. */
export async function discard({ body }: InvokeAnswer): Promise<void> {
  if (isStream(body)) await body[Symbol.asyncIterator]().return?.();
}
