import type { Socket } from 'node:net';
import { tooLarge } from './body.ts';
import type { HttpRequest } from './message.ts';
import type { PlainHead } from './plain-head.ts';

/** A request whose body has arrived with it. */
export class PlainRequest implements HttpRequest {
  readonly httpVersion = '1.1';
  readonly socket: Socket;
  readonly #head: PlainHead;
  readonly #body: Buffer;
  readonly #limit: number;
  #abort: AbortController | undefined;
  #left = false;

  constructor(head: PlainHead, body: Buffer, socket: Socket, limit: number) {
    this.#head = head;
    this.#body = body;
    this.socket = socket;
    this.#limit = limit;
  }

  get remoteAddress(): string {
    return this.socket.remoteAddress ?? 'unix';
  }

  get method(): string {
    return this.#head.method;
  }

  get url(): string {
    return this.#head.url;
  }

  get headers(): HttpRequest['headers'] {
    return this.#head.headers;
  }

  get rawHeaders(): readonly string[] {
    return this.#head.rawHeaders;
  }

  get hasBody(): boolean {
    return this.#body.length > 0;
  }

  get stream(): AsyncIterable<Buffer> {
    return once(this.#body);
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#left) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  read(): Promise<Buffer> {
    return this.#body.length > this.#limit ? Promise.reject(tooLarge(this.#limit)) : Promise.resolve(this.#body);
  }

  /** The caller has left before its answer. */
  leave(): void {
    this.#left = true;
    this.#abort?.abort();
  }
}

async function* once(body: Buffer): AsyncGenerator<Buffer, void> {
  if (body.length > 0) yield body;
}
