/** A request on its way to a handler. Header names are in lower case. */
export type MiddlewareRequest = {
  method: string;
  /** Path and query, as received. */
  url: string;
  headers: Readonly<Record<string, string | readonly string[]>>;
  remoteAddress: string;
  body(): Promise<Uint8Array>;
};

export type MiddlewareResponse = {
  status: number;
  headers: Readonly<Record<string, string | readonly string[]>>;
  body: Uint8Array;
};

/** Calls the rest of the chain, with the request as it is or as changed. */
export type Next = (request: MiddlewareRequest) => Promise<MiddlewareResponse>;

/** An opened HTTP middleware: answers by itself, or hands on and may change what comes back. */
export type Middleware = AsyncDisposable & {
  handle(request: MiddlewareRequest, next: Next, signal: AbortSignal): Promise<MiddlewareResponse>;
};
