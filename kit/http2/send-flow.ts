import type { Output } from './output.ts';
import {
  ConnectionError,
  defaultFrameBytes,
  defaultWindow,
  errorCode,
  largestWindow,
  mostFrameBytes,
} from './protocol.ts';

/** A stream, as far as its sending goes. */
export type Sender = {
  sendWindow: number;
  /** Sends what the windows allow. */
  pump(): void;
  /** There is room for more. */
  relieve(): void;
  reset(code: number): void;
};

/** What may wait for the peer before those who send are asked to pause. */
const roomBytes = 256 * 1024;

/** How much may be sent: the peer's windows, its longest frame, and what lies in our output. Source: RFC 9113, 5.2 and 6.9. */
export class SendFlow {
  /** Of the connection. */
  window = defaultWindow;
  /** What a new stream begins with. */
  streamWindow = defaultWindow;
  /** Longest payload that is sent. */
  frameBytes = defaultFrameBytes;
  /** Streams that wait for the windows, and those whose senders wait for room. */
  readonly blocked = new Set<Sender>();
  readonly starved = new Set<Sender>();
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  get hasRoom(): boolean {
    return this.#output.pending < roomBytes;
  }

  /** The peer says with how much its streams begin; those that are open gain or lose the difference. */
  setStreamWindow(bytes: number, open: Iterable<Sender>): void {
    if (bytes > largestWindow) throw tooLarge();
    const more = bytes - this.streamWindow;
    this.streamWindow = bytes;
    for (const stream of open) this.widen(stream, more);
  }

  /** The peer says how long a frame may be. */
  setFrameBytes(bytes: number): void {
    if (bytes < defaultFrameBytes || bytes >= 2 ** 24) {
      throw new ConnectionError(errorCode.protocolError, 'a frame size out of range');
    }
    this.frameBytes = Math.min(bytes, mostFrameBytes);
  }

  /** More may be sent on the connection. */
  widenAll(more: number): void {
    if (more === 0) throw new ConnectionError(errorCode.protocolError, 'a window that does not grow');
    this.window += more;
    if (this.window > largestWindow) throw tooLarge();
    for (const stream of [...this.blocked]) this.#unblock(stream);
  }

  /** More, or less, may be sent on a stream. */
  widen(stream: Sender, more: number): void {
    stream.sendWindow += more;
    if (stream.sendWindow > largestWindow) stream.reset(errorCode.flowControlError);
    else if (more > 0 && this.blocked.has(stream)) this.#unblock(stream);
  }

  /** Tells those who wait for room, as long as there is some. */
  relieve(): void {
    if (this.starved.size === 0 || !this.hasRoom) return;
    for (const stream of [...this.starved]) if (this.hasRoom) stream.relieve();
  }

  forget(stream: Sender): void {
    this.blocked.delete(stream);
    this.starved.delete(stream);
  }

  #unblock(stream: Sender): void {
    this.blocked.delete(stream);
    stream.pump();
    if (this.hasRoom) stream.relieve();
  }
}

const tooLarge = (): ConnectionError => new ConnectionError(errorCode.flowControlError, 'a window too large');
