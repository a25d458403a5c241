import type { Socket } from 'node:net';
import { Http2Connection } from '#kit/http2/connection.ts';
import type { Http2Stream, StreamSink } from '#kit/http2/stream.ts';
import { plainSetting } from './plain.ts';

/** Bytes a call, and a connection, may have under way towards us before its answers are read. */
const streamWindow = 1024 * 1024;
const connectionWindow = 4 * 1024 * 1024;
const maxHeaderBytes = 256 * 1024;

export type SessionEvents = {
  /** The server's settings have come. */
  ready(): void;
  /** No further call can start; told once, with why where the server broke the protocol. */
  lost(error: Error | undefined): void;
};

/** A client's HTTP/2 on one socket. Calls over the number that the server takes at once wait for their turn. */
export class Session {
  readonly #http2: Http2Connection;
  readonly #events: SessionEvents;
  readonly #waiting: (() => void)[] = [];
  #lost = false;
  #plain = false;

  constructor(socket: Socket, events: SessionEvents) {
    this.#events = events;
    this.#http2 = new Http2Connection(socket, {
      ...{ maxHeaderBytes, streamWindow, connectionWindow, maxStreams: 0 },
      ready: () => events.ready(),
      otherSetting: (name, value) => {
        if (name === plainSetting) this.#plain = value === 1;
      },
      goingAway: () => this.#end(undefined),
      closed: (error) => this.#end(error),
      freed: () => this.#next(),
    });
    socket.on('data', (chunk: Buffer) => this.#http2.read(chunk));
    socket.once('end', () => this.destroy());
    socket.once('close', () => this.destroy());
  }

  /** Calls can start. */
  get open(): boolean {
    return this.#http2.open;
  }

  /** The server takes HTTP requests beside gRPC calls (`plain.ts`). */
  get plain(): boolean {
    return this.#plain;
  }

  /** The server takes no more calls now: wait with `whenFree`. */
  get full(): boolean {
    return this.#http2.full;
  }

  /** Calls back when there is room, or never will be: look at `open`. */
  whenFree(start: () => void): void {
    this.#waiting.push(start);
  }

  /** Opens a stream; `end` makes the headers all there is to send. */
  request(headers: Buffer, sink: StreamSink, end = false): Http2Stream {
    return this.#http2.request(headers, sink, end);
  }

  ping(answered: () => void): void {
    this.#http2.ping(answered);
  }

  /** Lets the calls on it finish. */
  retire(): void {
    this.#http2.goAway();
  }

  /** Ends the calls on it. */
  destroy(): void {
    this.#http2.destroy();
  }

  #next(): void {
    while (this.#waiting.length > 0 && !this.full) this.#waiting.shift()!();
  }

  #end(error: Error | undefined): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#events.lost(error);
    for (const start of this.#waiting.splice(0)) start();
  }
}
