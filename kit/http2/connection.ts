import type { Duplex } from 'node:stream';
import { endSocket } from './end-socket.ts';
import { FloodGuard } from './flood-guard.ts';
import { type HeaderBlock, HpackError } from './hpack-decoder.ts';
import { type Http2Events, Incoming } from './incoming.ts';
import { sendOpening } from './opening.ts';
import type { Http2Options } from './options.ts';
import { Output } from './output.ts';
import { followSetting, type Settled } from './peer-settings.ts';
import { ConnectionError, connectionLost, errorCode, flag, frameType, largestWindow } from './protocol.ts';
import { ReceiveWindow } from './receive-window.ts';
import { SendFlow } from './send-flow.ts';
import type { Setting } from './settings.ts';
import { Http2Stream, type StreamCarrier } from './stream.ts';
import { StreamTable } from './stream-table.ts';
import { unfitLater, unfitRequest } from './unfit-headers.ts';

/**
 * One HTTP/2 connection, either end: frames, header blocks, windows, streams. It reads nothing by itself: hand it what
 * comes behind the preface. Source: RFC 9113.
 */
export class Http2Connection implements StreamCarrier {
  readonly socket: Duplex;
  readonly isServer: boolean;
  readonly flow: SendFlow;
  readonly #options: Http2Options;
  readonly #streams = new StreamTable<Http2Stream>();
  readonly #output: Output;
  readonly #incoming: Incoming;
  readonly #received: ReceiveWindow;
  readonly #settling: Settled;
  readonly #floods = new FloodGuard();
  readonly #pings: (() => void)[] = [];
  #peerStreams = Number.POSITIVE_INFINITY;
  #lastId = 0;
  #nextId = 1;
  #settled = false;
  #goingAway = false;
  #closed = false;

  constructor(socket: Duplex, options: Http2Options) {
    this.socket = socket;
    this.#options = options;
    this.isServer = options.accept !== undefined;
    this.#received = new ReceiveWindow(options.connectionWindow);
    this.#incoming = new Incoming(options.maxHeaderBytes, this.#events());
    this.#output = new Output(socket, () => this.#relieve());
    socket.on('drain', () => this.#relieve());
    this.flow = new SendFlow(this.#output);
    this.#settling = {
      ...{ flow: this.flow, output: this.#output, other: options.otherSetting, streams: () => this.#streams.all() },
      streamsAllowed: (most) => {
        this.#peerStreams = most;
        options.freed?.();
      },
    };
    sendOpening(this.#output, options);
  }

  /** Neither side has said that it will go. */
  get open(): boolean {
    return !this.#closed && !this.#goingAway;
  }

  /** The peer takes no further stream of ours now. */
  get full(): boolean {
    return this.#streams.size >= this.#peerStreams;
  }

  /** Takes bytes as they come. Ends the connection for those which break the protocol. */
  read(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      this.#incoming.read(chunk);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Opens a stream as a client; look at `open` and `full` before. */
  request(block: Buffer, sink: NonNullable<Http2Stream['sink']>, end: boolean): Http2Stream {
    const stream = this.#open(this.#nextId);
    this.#nextId += 2;
    stream.sink = sink;
    stream.headers(block, end);
    if (this.#nextId > largestWindow) this.#goAwaySoon();
    return stream;
  }

  /** Calls back when the peer has answered. */
  ping(answered: () => void): void {
    this.#pings.push(answered);
    this.#output.frame(frameType.ping, 0, 0, pingPayload);
  }

  /** Lets streams under way finish, takes no more, then ends the connection. */
  goAway(): void {
    if (this.#closed) return;
    if (!this.#goingAway) this.#output.goAway(this.#lastId, errorCode.noError);
    this.#goingAway = true;
    this.#endIfDone();
  }

  /** Ends the connection and its streams at once. */
  destroy(error?: Error): void {
    if (this.#closed) return;
    if (!this.#goingAway && error === undefined) this.#output.goAway(this.#lastId, errorCode.noError);
    this.#finish(error);
    for (const stream of this.#streams.all()) stream.close(connectionLost);
  }

  sendHeaders(id: number, block: Buffer, end: boolean): void {
    this.#output.headers(id, block, end, this.flow.frameBytes, end && this.#alone);
  }

  sendData(id: number, data: Buffer, end: boolean): void {
    this.flow.window -= data.length;
    this.#output.frame(frameType.data, end ? flag.endStream : 0, id, data, end && this.#alone);
  }

  sendReset(id: number, code: number): void {
    this.#output.number(frameType.rstStream, id, code);
  }

  consumed(stream: Http2Stream | undefined, bytes: number): void {
    const more = this.#received.read(bytes);
    if (more > 0) this.#output.number(frameType.windowUpdate, 0, more);
    const ofStream = stream?.received.read(bytes) ?? 0;
    if (ofStream > 0 && !stream!.remoteEnded) this.#output.number(frameType.windowUpdate, stream!.id, ofStream);
  }

  forget(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.flow.forget(stream);
    if (this.#goingAway) this.#endIfDone();
    else this.#options.freed?.();
  }

  #events(): Http2Events {
    const isClosed = (): boolean => this.#closed;
    return {
      data: (id, data, bytes, end) => this.#data(id, data, bytes, end),
      headers: (id, block, end) => this.#headers(id, block, end),
      reset: (id, code) => this.#reset(id, code),
      settings: (settings) => this.#settings(settings),
      ping: (payload) => this.#reply(frameType.ping, payload),
      pong: () => this.#pings.shift()?.(),
      goAway: (lastId) => this.#peerGoes(lastId),
      windowUpdate: (id, more) => this.#windowUpdate(id, more),
      get closed() {
        return isClosed();
      },
    };
  }

  #data(id: number, data: Buffer, bytes: number, end: boolean): void {
    if (this.#isIdle(id)) throw protocolError('data on a stream that is not open');
    if (bytes === 0 && !end) this.#floods.emptyFrame();
    else this.#floods.data();
    if (!this.#received.came(bytes)) throw flowError('more data than allowed');
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.remoteEnded || !stream.received.came(bytes)) {
      this.consumed(undefined, bytes);
      stream?.reset(stream.remoteEnded ? errorCode.streamClosed : errorCode.flowControlError);
      return;
    }
    // Known before the data is: who takes it may answer at once.
    stream.remoteEnded = end;
    stream.receive(data, bytes);
    if (end) stream.receiveEnd();
  }

  #headers(id: number, block: HeaderBlock, end: boolean): void {
    if (id % 2 === 0) throw protocolError('headers on a stream that is not for them');
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#moreHeaders(stream, block, end);
    else if (this.isServer && id > this.#lastId) this.#accept(id, block, end);
    else if (!this.isServer && this.#isIdle(id)) throw protocolError('headers on a stream that is not open');
  }

  #accept(id: number, block: HeaderBlock, end: boolean): void {
    this.#lastId = id;
    const full = this.#goingAway || this.#streams.size >= this.#options.maxStreams;
    const refused = full ? errorCode.refusedStream : unfitRequest(block);
    if (refused !== undefined) {
      this.#floods.refusal();
      this.sendReset(id, refused);
      return;
    }
    const stream = this.#open(id);
    stream.remoteEnded = end;
    this.#options.accept!(stream, block.headers);
    if (end) stream.receiveEnd();
  }

  #moreHeaders(stream: Http2Stream, block: HeaderBlock, end: boolean): void {
    const unfit = stream.remoteEnded ? errorCode.protocolError : unfitLater(block, this.isServer, end);
    if (unfit !== undefined) {
      stream.reset(unfit);
      return;
    }
    stream.remoteEnded = end;
    stream.sink?.moreHeaders?.(block.headers);
    if (end) stream.receiveEnd();
  }

  #open(id: number): Http2Stream {
    const stream = new Http2Stream(this, id, this.flow.streamWindow, this.#options.streamWindow);
    this.#streams.add(stream);
    return stream;
  }

  #reset(id: number, code: number): void {
    if (this.#isIdle(id)) throw protocolError('a reset of a stream that is not open');
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (this.isServer) this.#floods.reset();
    stream.close(code);
  }

  #settings(settings: readonly Setting[]): void {
    for (const one of settings) followSetting(one, this.#settling);
    this.#reply(frameType.settings, emptyPayload);
    if (this.#settled) return;
    this.#settled = true;
    this.#options.ready?.();
  }

  /** Acknowledges a frame; a peer that asks and asks, and does not read the answers, is let go. */
  #reply(type: number, payload: Buffer): void {
    if (this.#output.pending > 0) this.#floods.reply(this.#output.pending);
    this.#output.frame(type, flag.ack, 0, payload);
  }

  #peerGoes(last: number): void {
    this.#goAwaySoon();
    if (!this.isServer) {
      for (const stream of this.#streams.all()) if (stream.id > last) stream.close(errorCode.refusedStream);
    }
    this.#endIfDone();
  }

  /** No further stream can be opened. */
  #goAwaySoon(): void {
    this.#goingAway = true;
    this.#options.goingAway?.();
  }

  #windowUpdate(id: number, more: number): void {
    if (id === 0) {
      this.flow.widenAll(more);
      return;
    }
    if (this.#isIdle(id)) throw protocolError('a window of a stream that is not open');
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (more === 0) stream.reset(errorCode.protocolError);
    else this.flow.widen(stream, more);
  }

  #relieve(): void {
    if (this.#output.pending === 0) this.#floods.read();
    this.flow.relieve();
  }

  /** No other stream has anything to send: what ends a message need not wait for more. */
  get #alone(): boolean {
    return this.#streams.size === 1;
  }

  #isIdle(id: number): boolean {
    return this.isServer ? id > this.#lastId : id >= this.#nextId;
  }

  #endIfDone(): void {
    if (this.#streams.size === 0 && !this.#closed) this.#finish(undefined);
  }

  #finish(error: Error | undefined): void {
    this.#closed = true;
    this.#output.flush();
    endSocket(this.socket);
    this.#options.closed(error);
  }

  #fail(thrown: unknown): void {
    const error =
      thrown instanceof HpackError ? new ConnectionError(errorCode.compressionError, thrown.message) : thrown;
    this.#output.goAway(this.#lastId, error instanceof ConnectionError ? error.code : errorCode.internalError);
    this.destroy(error as Error);
  }
}

const pingPayload = Buffer.alloc(8);
const emptyPayload = Buffer.alloc(0);

const protocolError = (message: string): ConnectionError => new ConnectionError(errorCode.protocolError, message);
const flowError = (message: string): ConnectionError => new ConnectionError(errorCode.flowControlError, message);
