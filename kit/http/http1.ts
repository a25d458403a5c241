import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { emptyBody, readBody } from './body.ts';
import type { HttpReply, HttpRequest } from './message.ts';
import { pump } from './pump.ts';
import { headersOf, isStream } from './reply.ts';

/** Once a request has been answered, what comes of its body is thrown away until none has come for so long … */
const quietMs = 2_000;
/** … or for so long in all. */
const mostMs = 30_000;

/** An HTTP/1.1 request as handlers see it. */
export class Http1Request implements HttpRequest {
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limit: number;
  #abort: AbortController | undefined;

  constructor(message: IncomingMessage, response: ServerResponse, limit: number) {
    this.#message = message;
    this.#response = response;
    this.#limit = limit;
  }

  get method(): string {
    return this.#message.method!;
  }

  get url(): string {
    return this.#message.url!;
  }

  get headers(): HttpRequest['headers'] {
    return this.#message.headers;
  }

  get rawHeaders(): readonly string[] {
    return this.#message.rawHeaders;
  }

  get httpVersion(): HttpRequest['httpVersion'] {
    return this.#message.httpVersion === '1.0' ? '1.0' : '1.1';
  }

  get socket(): Socket {
    return this.#message.socket;
  }

  get remoteAddress(): string {
    return this.#message.socket.remoteAddress ?? 'unix';
  }

  get hasBody(): boolean {
    const { headers } = this.#message;
    return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  }

  /** A reader that leaves off ends nothing: the caller's answer takes the same connection. */
  get stream(): AsyncIterable<Buffer> {
    return this.#message.iterator({ destroyOnReturn: false });
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      const left = (): void => {
        if (!this.#response.writableFinished) abort.abort();
      };
      if (this.#response.destroyed) left();
      else this.#response.once('close', left);
    }
    return this.#abort.signal;
  }

  read(): Promise<Buffer> {
    if (!this.hasBody) return Promise.resolve(emptyBody);
    return readBody(this.#message, this.#message.headers['content-length'], this.#limit);
  }
}

/** Sends a reply over HTTP/1.1. `closing` asks the caller to leave the connection. */
export function sendHttp1(
  request: Http1Request,
  message: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
  { contentType, closing }: { contentType: string; closing: boolean },
): void {
  if (response.destroyed) return;
  const { body } = reply;
  const toHead = message.method === 'HEAD';
  const early = request.hasBody && !message.complete;
  const headers = headersOf(reply, contentType, toHead);
  if (closing || early || !response.shouldKeepAlive) headers['connection'] = 'close';
  // HTTP/1.1 connections persist unsaid; without this Node says so in each response.
  else if (request.httpVersion === '1.1') response.removeHeader('connection');
  response.writeHead(reply.status, headers);
  if (isStream(body)) {
    if (toHead) response.end();
    else pump(response, body).catch(() => response.destroy());
  } else if (early) answerEarly(message, response, body);
  else response.end(body);
}

/**
 * Sends an answer while the request's body still comes. A connection that is closed with bytes unread is reset, and the
 * answer lost where the caller has not read it yet: it stays open for a while. Source: RFC 9112, section 9.6.
 */
function answerEarly(message: IncomingMessage, response: ServerResponse, body: Uint8Array | string | undefined): void {
  if (body === undefined || body.length === 0) response.flushHeaders();
  else response.write(body);
  const end = (): unknown => response.end();
  let arrived = true;
  let quiet: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (!arrived || response.destroyed) return void end();
    arrived = false;
    // Where this process itself stood still meanwhile, what has come is read first.
    quiet = setTimeout(() => setImmediate(look), quietMs);
  };
  look();
  const enough = setTimeout(end, mostMs);
  const onData = (): void => {
    arrived = true;
  };
  message.on('data', onData).resume();
  message.once('close', end);
  response.once('close', () => {
    clearTimeout(quiet);
    clearTimeout(enough);
  });
}
