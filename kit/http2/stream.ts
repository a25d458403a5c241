import type { Duplex } from 'node:stream';
import type { Headers } from './hpack-decoder.ts';
import { errorCode } from './protocol.ts';
import { ReceiveWindow } from './receive-window.ts';
import type { SendFlow } from './send-flow.ts';

/** Takes what a peer sends on a stream. */
export type StreamSink = {
  /** A client's answer, and then the trailers; a server sees trailers only. */
  moreHeaders?(headers: Headers): void;
  data(chunk: Buffer): void;
  /** The peer has sent all it will. */
  end(): void;
  /** More may be sent, where `send` had answered false. */
  drained(): void;
  /** The stream is over: `noError` where both sides ended it well, `connectionLost`, or why it was reset. Told once. */
  closed(code: number): void;
};

/** What a stream needs of its connection. */
export type StreamCarrier = {
  readonly socket: Duplex;
  readonly isServer: boolean;
  /** How much may be sent. */
  readonly flow: SendFlow;
  sendHeaders(id: number, block: Buffer, end: boolean): void;
  sendData(id: number, data: Buffer, end: boolean): void;
  sendReset(id: number, code: number): void;
  /** Data of a stream has been taken: the peer may send as much again, once that is worth saying. */
  consumed(stream: Http2Stream | undefined, bytes: number): void;
  forget(stream: Http2Stream): void;
};

/** One stream of a connection. Its connection keeps the windows; what cannot be sent yet waits here. */
export class Http2Stream {
  readonly connection: StreamCarrier;
  readonly id: number;
  sink: StreamSink | undefined;
  sendWindow: number;
  readonly received: ReceiveWindow;
  /** The peer has sent its last frame. */
  remoteEnded = false;
  /** Ours has been sent. */
  localEnded = false;
  over = false;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** What ends the stream behind what waits: trailers, or nothing more than the end. */
  #ending: Buffer | true | undefined;
  #starved = false;
  #paused = false;
  #held: Buffer[] = [];

  constructor(connection: StreamCarrier, id: number, sendWindow: number, receiveWindow: number) {
    this.connection = connection;
    this.id = id;
    this.sendWindow = sendWindow;
    this.received = new ReceiveWindow(receiveWindow);
  }

  /** Sends a header block of `encodeHeaders`; `end` makes it all there is. */
  headers(block: Buffer, end = false): void {
    if (this.over || this.localEnded) return;
    this.connection.sendHeaders(this.id, block, end);
    if (end) this.#endLocal();
  }

  /** Sends data; false when the peer takes it too slowly: the sink is told when to go on. */
  send(data: Buffer): boolean {
    if (this.over || this.#ending !== undefined) return true;
    this.#waiting.push(data);
    this.#waitingBytes += data.length;
    this.pump();
    if (this.#waitingBytes === 0 && this.connection.flow.hasRoom) return true;
    this.#starved = true;
    this.connection.flow.starved.add(this);
    return false;
  }

  /** Sends data, which ends our side. */
  sendLast(data: Buffer): void {
    if (this.over || this.#ending !== undefined) return;
    this.#waiting.push(data);
    this.#waitingBytes += data.length;
    this.#ending = true;
    this.pump();
  }

  /** Whether `send` has answered false and the sink has not been told to go on. */
  get starved(): boolean {
    return this.#starved;
  }

  /** Ends our side behind what was sent, with trailers if given. */
  end(trailers?: Buffer): void {
    if (this.over || this.#ending !== undefined) return;
    this.#ending = trailers ?? true;
    this.pump();
  }

  /** Sends as much of what waits as the windows allow, then the end. */
  pump(): void {
    const { connection } = this;
    const { flow } = connection;
    while (this.#waitingBytes > 0) {
      const first = this.#waiting[0]!;
      const most = Math.min(this.sendWindow, flow.window, flow.frameBytes);
      if (most <= 0) {
        flow.blocked.add(this);
        return;
      }
      if (first.length <= most) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(most);
      const piece = first.length <= most ? first : first.subarray(0, most);
      this.#waitingBytes -= piece.length;
      this.sendWindow -= piece.length;
      const last = this.#ending === true && this.#waitingBytes === 0;
      connection.sendData(this.id, piece, last);
      if (last) this.#endLocal();
    }
    this.#waiting.length = 0;
    if (this.#ending === undefined || this.localEnded) return;
    if (this.#ending === true) connection.sendData(this.id, nothing, true);
    else connection.sendHeaders(this.id, this.#ending, true);
    this.#endLocal();
  }

  /** Tells the sink to go on, once there is room. */
  relieve(): void {
    if (!this.#starved || this.#waitingBytes > 0) return;
    this.#starved = false;
    this.connection.flow.starved.delete(this);
    this.sink?.drained();
  }

  /** Ends the stream at once. */
  reset(code: number): void {
    if (this.over) return;
    this.connection.sendReset(this.id, code);
    this.close(code);
  }

  /** What comes from now on is held, and the peer is not told to send more. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const held = this.#held;
    this.#held = [];
    for (const [i, chunk] of held.entries()) {
      if (this.#paused) {
        this.#held = [...held.slice(i), ...this.#held];
        return;
      }
      this.#take(chunk);
    }
    if (this.remoteEnded && !this.#paused) this.#tellEnd();
  }

  /** Data came; `bytes` is what it takes of the windows, padding included. */
  receive(chunk: Buffer, bytes: number): void {
    const padding = bytes - chunk.length;
    if (padding > 0) this.connection.consumed(this, padding);
    if (this.#paused) this.#held.push(chunk);
    else this.#take(chunk);
  }

  receiveEnd(): void {
    this.remoteEnded = true;
    if (!this.#paused && !this.over) this.#tellEnd();
  }

  /** Forgets the stream and tells its sink. */
  close(code: number): void {
    if (this.over) return;
    this.over = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const held = this.#heldBytes();
    this.#held = [];
    this.connection.forget(this);
    if (held > 0) this.connection.consumed(undefined, held);
    this.sink?.closed(code);
  }

  #take(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.sink?.data(chunk);
    this.connection.consumed(this, chunk.length);
  }

  #tellEnd(): void {
    this.sink?.end();
    if (this.localEnded) this.close(errorCode.noError);
  }

  #endLocal(): void {
    this.localEnded = true;
    if (this.remoteEnded && this.#held.length === 0) this.close(errorCode.noError);
    else if (this.connection.isServer && !this.remoteEnded) setImmediate(leaveUnread, this);
  }

  #heldBytes(): number {
    return this.#held.reduce((sum, { length }) => sum + length, 0);
  }
}

/** A server has answered all and its caller has not ended: the rest of the request is not wanted any more. */
function leaveUnread(stream: Http2Stream): void {
  if (!stream.remoteEnded) stream.reset(errorCode.noError);
}

const nothing: Buffer = Buffer.alloc(0);
