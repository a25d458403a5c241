import type { TraceContext } from '#kit/telemetry/tracing/trace-context.ts';
import type { Context } from '../../blocks/operation.ts';
import type { RestRequest } from '../../blocks/rest.ts';

/** What a server hands to the HTTP door. */
export type IncomingCall = {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Whether a body is announced. */
  readonly hasBody: boolean;
  /** Reads the whole body. Rejects with `too-large` above the limit. */
  read(): Promise<Buffer>;
  readonly stream: AsyncIterable<Buffer>;
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal;
};

/** One call through the HTTP door: the request for the route's mapping and the context for the handler, in one object. */
export class HttpCall implements RestRequest, Context {
  readonly method: string;
  readonly headers: RestRequest['headers'];
  readonly params: Readonly<Record<string, string>>;
  readonly jsonValues = true;
  body: Buffer = noBody;
  component: unknown;
  trace: TraceContext | undefined;
  readonly #incoming: IncomingCall;
  readonly #search: string;
  #query: URLSearchParams | undefined;

  constructor(incoming: IncomingCall, params: Readonly<Record<string, string>>, search: string) {
    this.method = incoming.method;
    this.headers = incoming.headers;
    this.params = params;
    this.#incoming = incoming;
    this.#search = search;
  }

  get query(): URLSearchParams {
    this.#query ??= this.#search === '' ? noQuery : new URLSearchParams(this.#search);
    return this.#query;
  }

  get stream(): AsyncIterable<Buffer> {
    return this.#incoming.stream;
  }

  get url(): string {
    return this.#incoming.url;
  }

  get hasBody(): boolean {
    return this.#incoming.hasBody;
  }

  read(): Promise<Buffer> {
    return this.#incoming.read();
  }

  get signal(): AbortSignal {
    return this.#incoming.signal;
  }
}

const noBody = Buffer.alloc(0);
const noQuery = new URLSearchParams();
