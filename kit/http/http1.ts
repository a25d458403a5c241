import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { emptyBody, readBody } from './body.ts';
import type { HttpReply, HttpRequest } from './message.ts';
import { pump } from './pump.ts';
import { headersOf, isStream } from './reply.ts';

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

  get stream(): AsyncIterable<Buffer> {
    return this.#message;
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
  const headers = headersOf(reply, contentType);
  if (closing || (request.hasBody && !message.complete)) headers['connection'] = 'close';
  // HTTP/1.1 connections persist unsaid; without this Node says so in each response.
  else if (request.httpVersion === '1.1') response.removeHeader('connection');
  response.writeHead(reply.status, headers);
  if (!isStream(body)) response.end(body);
  else if (message.method === 'HEAD') response.end();
  else pump(response, body).catch(() => response.destroy());
}
