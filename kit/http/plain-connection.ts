import type { Socket } from 'node:net';
import type { Logger } from '#kit/log/logger.ts';
import { gather } from './gather.ts';
import type { HttpHandler, HttpReply } from './message.ts';
import { type PlainHead, plainHead } from './plain-head.ts';
import { isLarge, replyHead, wholeReply } from './plain-reply.ts';
import { PlainRequest } from './plain-request.ts';
import { preface } from './preface.ts';
import { drained } from './pump.ts';
import { failedReply, isStream } from './reply.ts';

/** What connections share. */
export type PlainServing = {
  readonly handle: HttpHandler;
  readonly log: Logger;
  /** Most bytes of a body. */
  readonly limit: number;
  readonly contentType: string;
  readonly maxHeadBytes: number;
  /** The header `date`. */
  date(): string;
  /** Answers end their connection. */
  draining: boolean;
  /** Takes over a connection, bytes that were read put back, whose next request is not a plain one. */
  handOver(connection: PlainConnection, http2: boolean): void;
};

/** Bodies up to this size are waited for here. */
const mostBodyBytes = 64 * 1024;
/** What may arrive while a request is under way before reading stops. */
const mostAheadBytes = 64 * 1024;

const blankLine = Buffer.from('\r\n\r\n');
const emptyBody = Buffer.alloc(0);

/**
 * One HTTP/1.1 connection from its first byte, for as long as its requests are plain (`plainHead`), whole heads and
 * short bodies: one parse, one write, and no streams of Node's for either message. Whatever else comes is handed over
 * to `node:http` or `node:http2`, unread, for the rest of the connection.
 */
export class PlainConnection {
  readonly socket: Socket;
  readonly #serving: PlainServing;
  readonly #send: (reply: HttpReply) => void;
  readonly #fail: (thrown: unknown) => void;
  readonly #ready: () => void;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Bytes without which looking at the pieces is of no use. */
  #needed = 0;
  #busy = false;
  #request: PlainRequest | undefined;
  #head: PlainHead | undefined;

  constructor(socket: Socket, serving: PlainServing) {
    this.socket = socket;
    this.#serving = serving;
    this.#send = (reply) => this.#answer(reply);
    this.#fail = (thrown) => this.#answerFailure(thrown);
    this.#ready = () => {
      this.#busy = false;
      socket.resume();
      if (this.#bytes > 0 && this.#bytes >= this.#needed) this.#read();
    };
  }

  /** Whether it waits for the first byte of a request. */
  get idle(): boolean {
    return !this.#busy && this.#bytes === 0;
  }

  /** Whether it has sent no request yet. */
  get silent(): boolean {
    return this.#head === undefined;
  }

  data(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
    if (this.#busy) {
      if (this.#bytes > mostAheadBytes) this.socket.pause();
    } else if (this.#bytes >= this.#needed) this.#read();
  }

  /** The caller has ended or lost its connection. */
  left(): void {
    this.#request?.leave();
    this.#request = undefined;
    this.#busy = true;
    this.take();
  }

  /** All bytes that are read and not served, taken out. */
  take(): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    this.#needed = 0;
    return all;
  }

  #keep(bytes: Buffer, needed: number): void {
    this.#pieces.push(bytes);
    this.#bytes = bytes.length;
    this.#needed = needed;
  }

  #read(): void {
    const { maxHeadBytes } = this.#serving;
    const all = this.take();
    const headEnd = all.indexOf(blankLine);
    const whole = headEnd > 0 && headEnd <= maxHeadBytes;
    const head = whole ? plainHead(all.toString('latin1', 0, headEnd + 2), this.#head) : undefined;
    if (head === undefined || head.bodyLength > mostBodyBytes) {
      this.#handOver(all);
      return;
    }
    const bodyStart = headEnd + blankLine.length;
    const end = bodyStart + head.bodyLength;
    if (all.length < end) {
      this.#keep(all, end);
      return;
    }
    if (all.length > end) this.#keep(all.subarray(end), 0);
    this.#head = head;
    this.#serve(head, head.bodyLength === 0 ? emptyBody : all.subarray(bodyStart, end));
  }

  #handOver(all: Buffer): void {
    const known = Math.min(all.length, preface.length);
    const http2 = this.#head === undefined && all.compare(preface, 0, known, 0, known) === 0;
    if (http2 && known < preface.length) {
      this.#keep(all, preface.length);
      return;
    }
    this.#keep(all, 0);
    this.#serving.handOver(this, http2);
  }

  #serve(head: PlainHead, body: Buffer): void {
    const { handle, limit } = this.#serving;
    const request = new PlainRequest(head, body, this.socket, limit);
    this.#request = request;
    this.#busy = true;
    try {
      const reply = handle(request);
      if ('status' in reply) this.#answer(reply);
      else reply.then(this.#send).catch(this.#fail);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #answerFailure(thrown: unknown): void {
    const request = this.#request;
    if (request === undefined) return;
    const why = thrown instanceof Error ? thrown.stack : thrown;
    this.#serving.log.error(`HTTP ${request.method} ${request.url.split('?')[0]} failed: ${why}`);
    this.#answer(failedReply);
  }

  #answer(reply: HttpReply): void {
    const { socket } = this;
    const { contentType, date, draining } = this.#serving;
    const request = this.#request;
    if (request === undefined || !socket.writable) return;
    const { body } = reply;
    const toHead = request.method === 'HEAD';
    const head = replyHead(reply, contentType, date(), draining, toHead);
    const headOnly = toHead || reply.status === 204 || reply.status === 304;
    let room = true;
    if (isStream(body)) {
      gather(socket);
      socket.write(head, 'latin1');
      if (!headOnly) {
        void this.#stream(body, !/\r\ncontent-length: /i.test(head), draining);
        return;
      }
    } else if (isLarge(body) && !headOnly) {
      socket.cork();
      socket.write(head, 'latin1');
      room = socket.write(body);
      socket.uncork();
    } else room = socket.write(wholeReply(head, body, headOnly));
    this.#done(room, draining);
  }

  /** Sends a body at the caller's pace; one that fails, or is cut, cuts the connection. */
  async #stream(body: AsyncIterable<Uint8Array>, chunked: boolean, last: boolean): Promise<void> {
    const { socket } = this;
    try {
      for await (const chunk of body) {
        if (!socket.writable) return;
        if (chunk.length === 0) continue;
        gather(socket);
        if (chunked) socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
        const room = socket.write(chunk);
        if (chunked) socket.write('\r\n', 'latin1');
        if (!room) await drained(socket);
      }
      this.#done(chunked ? socket.write('0\r\n\r\n', 'latin1') : true, last);
    } catch {
      // What the body gave before it failed is the caller's.
      socket.uncork();
      socket.destroy();
    }
  }

  /** Goes on to the next request, once the caller has taken what was sent. */
  #done(room: boolean, last: boolean): void {
    this.#request = undefined;
    if (last) this.socket.end();
    else if (!room) this.socket.once('drain', this.#ready);
    else if (this.#bytes > 0) queueMicrotask(this.#ready);
    else this.#busy = false;
  }
}
