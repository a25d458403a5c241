import { FrameReader, type OnFrame } from './frame-reader.ts';
import { HeaderBlocks } from './header-blocks.ts';
import type { HeaderBlock } from './hpack-decoder.ts';
import { unpadded } from './padding.ts';
import { ConnectionError, errorCode, flag, frameType, largestWindow } from './protocol.ts';
import { decodeSettings, type Setting } from './settings.ts';

/** What a peer says, frame by frame. Whether it may say so now is the taker's to judge. */
export type Http2Events = {
  /** `bytes` is what the frame takes of the windows, padding included. */
  data(id: number, data: Buffer, bytes: number, end: boolean): void;
  headers(id: number, block: HeaderBlock, end: boolean): void;
  reset(id: number, code: number): void;
  settings(settings: readonly Setting[]): void;
  ping(payload: Buffer): void;
  pong(): void;
  goAway(lastId: number): void;
  windowUpdate(id: number, more: number): void;
  readonly closed: boolean;
};

const pingBytes = 8;
const priorityBytes = 5;

/** Reads one side of a connection and holds its frames to their form. Source: RFC 9113, section 6. */
export class Incoming {
  readonly #events: Http2Events;
  readonly #frames = new FrameReader();
  readonly #blocks: HeaderBlocks;
  #settled = false;
  readonly #onFrame: OnFrame = (type, flags, id, payload) => {
    this.#frame(type, flags, id, payload);
    return !this.#events.closed;
  };

  constructor(maxHeaderBytes: number, events: Http2Events) {
    this.#events = events;
    this.#blocks = new HeaderBlocks(maxHeaderBytes, (id, block, end) => events.headers(id, block, end));
  }

  /** Throws `ConnectionError` or `HpackError` for what the protocol has no place for, and what the events throw. */
  read(chunk: Buffer): void {
    this.#frames.read(chunk, this.#onFrame);
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    this.#blocks.check(type, id);
    if (!this.#settled && type !== frameType.settings) throw protocolError('no settings at first');
    checkStream(type, id);
    const { length } = payload;
    switch (type) {
      case frameType.data:
        this.#events.data(id, unpadded(payload, flags), length, (flags & flag.endStream) !== 0);
        break;
      case frameType.headers:
        this.#blocks.headers(flags, id, payload);
        break;
      case frameType.continuation:
        this.#blocks.continuation(flags, payload);
        break;
      case frameType.rstStream:
        this.#events.reset(id, number(payload, 'RST_STREAM'));
        break;
      case frameType.settings:
        this.#settings(flags, payload);
        break;
      case frameType.pushPromise:
        throw protocolError('a push');
      case frameType.ping:
        if (length !== pingBytes) throw sizeError('PING');
        if ((flags & flag.ack) === 0) this.#events.ping(payload);
        else this.#events.pong();
        break;
      case frameType.goaway:
        if (length < 8) throw sizeError('GOAWAY');
        this.#events.goAway(payload.readUInt32BE(0) & largestWindow);
        break;
      case frameType.windowUpdate:
        this.#events.windowUpdate(id, number(payload, 'WINDOW_UPDATE') & largestWindow);
        break;
      case frameType.priority:
        if (length !== priorityBytes) throw sizeError('PRIORITY');
    }
  }

  #settings(flags: number, payload: Buffer): void {
    if ((flags & flag.ack) === 0) {
      this.#settled = true;
      this.#events.settings(decodeSettings(payload));
    } else if (payload.length > 0) throw sizeError('SETTINGS');
  }
}

const ofConnection: readonly number[] = [frameType.settings, frameType.ping, frameType.goaway];
const ofEither: readonly number[] = [frameType.windowUpdate];

/** Frames of the connection have no stream, all others one. Types that nobody knows are let pass. */
function checkStream(type: number, id: number): void {
  if (type > frameType.continuation || ofEither.includes(type)) return;
  if (ofConnection.includes(type) !== (id === 0)) throw protocolError(`frame type ${type} on stream ${id}`);
}

function number(payload: Buffer, name: string): number {
  if (payload.length !== 4) throw sizeError(name);
  return payload.readUInt32BE(0);
}

const protocolError = (message: string): ConnectionError => new ConnectionError(errorCode.protocolError, message);
const sizeError = (name: string): ConnectionError =>
  new ConnectionError(errorCode.frameSizeError, `a ${name} frame of another length`);
