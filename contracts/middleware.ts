/** A body in hand, or one that comes: iterate it to pass it on as it is, or read it whole within the server's limit. */
export type MiddlewareBody = Uint8Array | (AsyncIterable<Uint8Array> & { read(): Promise<Uint8Array> });

/** A request on its way to a handler. Header names are in lower case. */
export type MiddlewareRequest = {
  method: string;
  /** Path and query, as received. */
  url: string;
  headers: Readonly<Record<string, string | readonly string[]>>;
  /** IP address of the caller; empty where there is none. */
  remoteAddress: string;
  body: MiddlewareBody;
};

export type MiddlewareResponse = {
  status: number;
  headers: Readonly<Record<string, string | readonly string[]>>;
  body: Uint8Array | string | AsyncIterable<Uint8Array>;
};

/** Calls the rest of the chain, with the request as it is or as changed. */
export type Next = (request: MiddlewareRequest) => Promise<MiddlewareResponse>;

/** An opened HTTP middleware: answers by itself, or hands on and may change what comes back. */
export type Middleware = AsyncDisposable & {
  handle(request: MiddlewareRequest, next: Next, signal: AbortSignal): Promise<MiddlewareResponse>;
};

/** The whole body. Rejects with `too-large` above the server's limit. */
export async function readBody(body: MiddlewareBody): Promise<Buffer> {
  const bytes = body instanceof Uint8Array ? body : await body.read();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One value of a header; the first where it is repeated. */
export function headerOf({ headers }: Pick<MiddlewareRequest, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return value === undefined || typeof value === 'string' ? value : value[0];
}

/** The path of a request, without its query. */
export const pathOf = ({ url }: Pick<MiddlewareRequest, 'url'>): string => url.split('?', 1)[0]!;

/** A short answer in plain text. */
export const plainAnswer = (
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): MiddlewareResponse => ({ status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body: text });
