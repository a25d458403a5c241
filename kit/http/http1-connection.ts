import type { Socket } from 'node:net';
import type { Exchange } from './exchange.ts';
import { gather } from './gather.ts';
import { type ResponseHead, ResponseParser, type ResponseReader } from './response-parser.ts';

/** Bodies up to this size go out in one write together with their head. */
const joinUpTo = 16 * 1024;
/** What may wait for the server to take it before a body's source is asked to wait. */
const mostQueuedBytes = 256 * 1024;

export type ConnectionOwner = {
  /** It may carry another request. */
  free(connection: Http1Connection): void;
  /** It is gone. */
  gone(connection: Http1Connection): void;
};

/** A connection that carries one HTTP/1.1 exchange at a time. */
export class Http1Connection implements ResponseReader {
  /** When it was last given back, on the owner's clock. */
  idleSince = 0;
  /** How long the server keeps it, in milliseconds, where it has said so. */
  keptMs: number | undefined;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #parser = new ResponseParser();
  #exchange: Exchange | undefined;
  #used = false;
  #sending = false;
  /** Whether the server has sent anything since the request went out. */
  #heard = false;
  #persistent = false;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('drain', () => this.#writable());
    socket.on('end', () => this.#ended());
    socket.on('error', (cause) => this.#close(cause, false));
    socket.on('close', () => this.#close(new Error('the connection was closed'), false));
  }

  /** Sends a request. The exchange is told of the answer, or of what went wrong. */
  carry(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#heard = false;
    exchange.begin(this);
    this.#parser.begin(exchange.method, this);
    const { head, body } = exchange;
    if (body === undefined) this.#socket.write(head, 'latin1');
    else if (!Buffer.isBuffer(body)) void this.#stream(exchange, body);
    else if (body.length <= joinUpTo) this.#socket.write(joined(head, body));
    else {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(body);
      this.#socket.uncork();
    }
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends it at once; what it carries is told the cause. */
  destroy(cause: Error): void {
    this.#close(cause, false);
  }

  head(head: ResponseHead): void {
    this.#persistent = head.persistent;
    this.keptMs = keptMs(head.headers);
    this.#exchange!.answered(head);
  }

  data(piece: Buffer): void {
    this.#exchange!.data(piece);
  }

  end(alone: boolean): void {
    const exchange = this.#exchange!;
    this.#exchange = undefined;
    this.#used = true;
    const reusable = alone && this.#persistent && !this.#sending && !this.#closed;
    if (reusable) {
      if (this.#socket.isPaused()) this.#socket.resume();
      this.#owner.free(this);
    }
    exchange.ended();
    if (!reusable) this.#close(new Error('the connection may not be used again'), true);
  }

  #read(bytes: Buffer): void {
    this.#heard = true;
    try {
      this.#parser.push(bytes);
    } catch (thrown) {
      this.#close(new Error(`the response is malformed: ${(thrown as Error).message}`), false);
    }
  }

  #ended(): void {
    this.#parser.close();
    this.#close(new Error('the server closed the connection'), true);
  }

  #close(cause: Error, orderly: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.gone(this);
    this.#socket.destroy();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.failed({ cause, orderly, stale: this.#used && !this.#heard });
    this.#writable();
  }

  /** Sends a body as it comes, at the server's pace. A source that fails, or is not as long as announced, breaks the connection. */
  async #stream(exchange: Exchange, body: AsyncIterable<Uint8Array>): Promise<void> {
    const { head, bodyBytes } = exchange;
    let left = bodyBytes ?? Number.POSITIVE_INFINITY;
    this.#sending = true;
    try {
      gather(this.#socket);
      this.#socket.write(head, 'latin1');
      for await (const piece of body) {
        if (this.#exchange !== exchange) return;
        left -= piece.length;
        if (left < 0) throw new Error('the body is longer than was announced');
        if (piece.length > 0 && !this.#writePiece(piece, bodyBytes === undefined)) await this.#drain();
      }
      if (this.#exchange !== exchange) return;
      if (bodyBytes === undefined) this.#socket.write('0\r\n\r\n', 'latin1');
      else if (left > 0) throw new Error('the body is shorter than was announced');
    } catch (thrown) {
      if (this.#exchange === exchange) this.#close(thrown as Error, false);
    } finally {
      this.#sending = false;
    }
  }

  #writePiece(piece: Uint8Array, chunked: boolean): boolean {
    const socket = this.#socket;
    gather(socket);
    if (chunked) socket.write(`${piece.length.toString(16)}\r\n`, 'latin1');
    const room = socket.write(piece);
    return (chunked ? socket.write('\r\n', 'latin1') : room) || socket.writableLength < mostQueuedBytes;
  }

  #drain(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #writable(): void {
    this.#drained?.();
    this.#drained = undefined;
  }
}

function joined(head: string, body: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(head.length + body.length);
  whole.write(head, 0, 'latin1');
  body.copy(whole, head.length);
  return whole;
}

/** The `timeout` of a Keep-Alive header, less a second for what is under way. */
function keptMs(headers: ResponseHead['headers']): number | undefined {
  const seconds = /timeout=(\d{1,6})/i.exec(String(headers['keep-alive'] ?? ''))?.[1];
  return seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1_000 - 1_000);
}
