import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { emptyBody, readBody } from './body.ts';
import type { HttpReply, HttpRequest } from './message.ts';
import { pump } from './pump.ts';
import { headersOf, isStream } from './reply.ts';

/** An HTTP/2 request as handlers see it. */
export class Http2Request implements HttpRequest {
  readonly httpVersion = '2.0';
  readonly socket = undefined;
  readonly rawHeaders: readonly string[];
  readonly #stream: ServerHttp2Stream;
  readonly #all: IncomingHttpHeaders;
  readonly #limit: number;
  #headers: HttpRequest['headers'] | undefined;
  #abort: AbortController | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[], limit: number) {
    this.#stream = stream;
    this.#all = headers;
    this.rawHeaders = rawHeaders;
    this.#limit = limit;
  }

  get method(): string {
    return this.#all[':method'] ?? '';
  }

  get url(): string {
    return this.#all[':path'] ?? '/';
  }

  /** Without the pseudo-headers; `:authority` becomes `host`. */
  get headers(): HttpRequest['headers'] {
    this.#headers ??= plainHeaders(this.#all);
    return this.#headers;
  }

  get remoteAddress(): string {
    return this.#stream.session?.socket?.remoteAddress ?? 'unix';
  }

  get hasBody(): boolean {
    return !this.#stream.readableEnded && !this.#stream.endAfterHeaders;
  }

  get stream(): AsyncIterable<Buffer> {
    return this.#stream;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      const left = (): void => {
        if (!this.#stream.writableFinished) abort.abort();
      };
      if (this.#stream.destroyed) left();
      else this.#stream.once('close', left);
    }
    return this.#abort.signal;
  }

  read(): Promise<Buffer> {
    if (!this.hasBody) return Promise.resolve(emptyBody);
    return readBody(this.#stream, this.#all['content-length'], this.#limit);
  }
}

function plainHeaders(all: IncomingHttpHeaders): HttpRequest['headers'] {
  const headers: Record<string, string | string[] | undefined> = {};
  for (const name in all) if (!name.startsWith(':')) headers[name] = all[name];
  const authority = all[':authority'];
  if (authority !== undefined) headers['host'] ??= authority;
  return headers;
}

/** Names that HTTP/2 has no place for. */
const connectionHeaders = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'];

/** Sends a reply over HTTP/2. */
export function sendHttp2(stream: ServerHttp2Stream, method: string, reply: HttpReply, contentType: string): void {
  if (stream.destroyed || stream.closed) return;
  const { body } = reply;
  const headers: Record<string, string | number | string[]> = headersOf(reply, contentType, method === 'HEAD');
  for (const name of connectionHeaders) delete headers[name];
  headers[':status'] = reply.status;
  if (body === undefined || method === 'HEAD') {
    stream.respond(headers, { endStream: true });
    return;
  }
  stream.respond(headers);
  if (isStream(body)) pump(stream, body).catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  else stream.end(body);
}
