import { fault } from '#kit/errors/fault.ts';
import { emptyBody } from '#kit/http/body.ts';
import type { HttpReply, HttpRequest } from '#kit/http/message.ts';
import { failedReply, headersOf, isStream } from '#kit/http/reply.ts';
import { type BodyFlow, ResponseBody } from '#kit/http/response-body.ts';
import type { Headers } from '#kit/http2/hpack-decoder.ts';
import { errorCode } from '#kit/http2/protocol.ts';
import type { Http2Stream, StreamSink } from '#kit/http2/stream.ts';
import { type Peer, peerOf } from './peer.ts';
import { plainBlock, plainHeaders } from './plain.ts';

/** Answers HTTP requests beside gRPC calls. */
export type PlainHandler = (request: HttpRequest, peer: Peer) => HttpReply | Promise<HttpReply>;

/** One HTTP request on a connection of gRPC, as its server sees it. */
class PlainRequest implements HttpRequest, StreamSink, BodyFlow {
  readonly httpVersion = '2.0';
  readonly socket = undefined;
  readonly method: string;
  readonly url: string;
  readonly headers: HttpRequest['headers'];
  readonly hasBody: boolean;
  readonly #stream: Http2Stream;
  readonly #limit: number;
  readonly #body: ResponseBody;
  #abort: AbortController | undefined;
  #complete = false;
  #closed = false;
  #writable: (() => void) | undefined;

  constructor(stream: Http2Stream, headers: Headers, limit: number) {
    this.#stream = stream;
    this.#limit = limit;
    this.#body = new ResponseBody(this);
    this.method = headers[':method']!;
    this.url = headers[':path']!;
    this.headers = plainHeaders(headers);
    this.hasBody = !stream.remoteEnded;
    stream.sink = this;
  }

  get rawHeaders(): readonly string[] {
    return Object.entries(this.headers).flatMap(([name, value]) => [value ?? ''].flat().flatMap((one) => [name, one]));
  }

  get peer(): Peer {
    return peerOf(this.#stream.connection.socket);
  }

  get remoteAddress(): string {
    return this.peer.address;
  }

  get stream(): AsyncIterable<Buffer> {
    return this.#body;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#closed) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  read(): Promise<Buffer> {
    return this.hasBody ? this.#body.read(this.#limit) : Promise.resolve(emptyBody);
  }

  answer(reply: HttpReply): void {
    const stream = this.#stream;
    if (this.#closed) return;
    const { body } = reply;
    const streams = isStream(body);
    const bytes = streams ? undefined : bytesOf(body);
    const end = this.method === 'HEAD' || bytes?.length === 0;
    stream.headers(plainBlock({ ':status': reply.status }, headersOf(reply, 'application/octet-stream')), end);
    if (end) return;
    if (streams) void this.#pump(body);
    else stream.sendLast(bytes!);
  }

  async #pump(body: AsyncIterable<Uint8Array>): Promise<void> {
    const stream = this.#stream;
    try {
      for await (const chunk of body) {
        if (this.#closed) return;
        if (!stream.send(bytesOf(chunk)) && stream.starved) await new Promise<void>((go) => (this.#writable = go));
      }
      stream.end();
    } catch {
      stream.reset(errorCode.internalError);
    }
  }

  data(chunk: Buffer): void {
    this.#body.push(chunk);
  }

  end(): void {
    this.#complete = true;
    this.#body.end();
  }

  drained(): void {
    const writable = this.#writable;
    this.#writable = undefined;
    writable?.();
  }

  closed(code: number): void {
    this.#closed = true;
    this.drained();
    if (!this.#complete) this.#body.end(fault('cancelled', 'the caller left before its request was complete'));
    if (code !== errorCode.noError || !this.#stream.localEnded) this.#abort?.abort();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** The rest of the body is not wanted: it is read and dropped until the request is answered. */
  abort(): void {
    this.#body.end();
    this.#stream.resume();
  }
}

/** Serves a stream that bears an HTTP request. */
export function servePlain(handle: PlainHandler, stream: Http2Stream, headers: Headers, limit: number): void {
  const request = new PlainRequest(stream, headers, limit);
  const answer = (reply: HttpReply): void => {
    try {
      request.answer(reply);
    } catch {
      request.answer(failedReply);
    }
  };
  const run = async (): Promise<HttpReply> => await handle(request, request.peer);
  run().then(answer, () => answer(failedReply));
}

function bytesOf(body: Exclude<HttpReply['body'], AsyncIterable<Uint8Array>>): Buffer {
  if (body === undefined) return emptyBody;
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
