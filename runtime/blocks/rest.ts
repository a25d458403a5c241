import { fault } from '#kit/errors/fault.ts';
import { type Fields, isFields } from '#kit/values/fields.ts';

export type RouteMethod = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD' | 'OPTIONS';

/** The parameter names of a path template: `/a/{b}/{c*}` → `'b' | 'c'`. */
export type RouteParams<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${infer Bare}*` ? Bare : Name) | RouteParams<Rest>
  : never;

/** An HTTP request as a route's mapping sees it. */
export type RestRequest<N extends string = string> = {
  readonly method: string;
  /** The path's parameters, percent-decoded. */
  readonly params: Readonly<Record<N, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The whole body; empty for a route that streams. */
  readonly body: Buffer;
  /** The body as it comes, for a route that streams. */
  readonly stream: AsyncIterable<Buffer>;
};

/** An HTTP answer. A text body is UTF-8; without `content-type` a body counts as `application/json`; an empty one sends none. */
export type RestReply = {
  status: number;
  headers?: Record<string, string | readonly string[]>;
  body?: Uint8Array | string | AsyncIterable<Uint8Array>;
};

const none: Readonly<Record<string, string>> = Object.freeze({});

/** The `metadata.x=…` parameters of the query as `{x: …}`; the first of a name counts. */
export function queryMetadata(http: RestRequest<never>): Record<string, string> {
  if (http.query.size === 0) return none;
  const metadata: Record<string, string> = {};
  for (const [name, value] of http.query) {
    if (name.startsWith('metadata.')) metadata[name.slice('metadata.'.length)] ??= value;
  }
  return metadata;
}

/** A header's value; the first where it was repeated. */
export function headerOf(http: Pick<RestRequest, 'headers'>, name: string): string | undefined {
  const value = http.headers[name];
  return value === undefined || typeof value === 'string' ? value : value[0];
}

/** The body read as JSON. Throws `malformed-request` that says what is wrong. */
export function jsonBody(http: RestRequest<never>): unknown {
  try {
    return JSON.parse(http.body.toString());
  } catch (thrown) {
    throw malformed(http.body.length === 0 ? 'EOF' : (thrown as Error).message);
  }
}

/** The fault for a body that cannot be used. */
export const malformed = (why: string) => fault('malformed-request', `failed deserializing HTTP body: ${why}`);

/** `metadata` of a body: an object of texts. */
export function metadataOf(fields: Fields): Record<string, string> {
  const metadata = fields['metadata'] ?? {};
  if (!isFields(metadata)) throw malformed('"metadata" must be an object');
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw malformed(`metadata "${name}" must be a text`);
  }
  return metadata as Record<string, string>;
}

/** An answer without a body. */
export const noContent: RestReply = Object.freeze({ status: 204 });

/** `metadata.x` headers of an answer. */
export function metadataHeaders(metadata: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  if (metadata) for (const name of Object.keys(metadata)) headers[`metadata.${name}`] = metadata[name]!;
  return headers;
}
