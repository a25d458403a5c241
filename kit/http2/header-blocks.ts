import { type HeaderBlock, HpackDecoder } from './hpack-decoder.ts';
import { unpadded } from './padding.ts';
import { ConnectionError, defaultFrameBytes, errorCode, flag, frameHeaderBytes, frameType } from './protocol.ts';

/** Takes a whole header block; `end` where it ends its stream. */
export type OnHeaders = (id: number, block: HeaderBlock, end: boolean) => void;

type Pending = { id: number; pieces: Buffer[]; bytes: number; end: boolean };

const priorityBytes = 5;

/** Puts header blocks together from HEADERS and CONTINUATION, and reads them. */
export class HeaderBlocks {
  readonly #decoder: HpackDecoder;
  readonly #mostBytes: number;
  readonly #onHeaders: OnHeaders;
  #pending: Pending | undefined;

  constructor(maxHeaderBytes: number, onHeaders: OnHeaders) {
    this.#decoder = new HpackDecoder(maxHeaderBytes);
    this.#mostBytes = maxHeaderBytes + defaultFrameBytes;
    this.#onHeaders = onHeaders;
  }

  /** Throws where a block is begun and the frame is not its next. */
  check(type: number, id: number): void {
    if (this.#pending === undefined || (type === frameType.continuation && id === this.#pending.id)) return;
    throw new ConnectionError(errorCode.protocolError, 'a frame within a header block');
  }

  headers(flags: number, id: number, payload: Buffer): void {
    const skip = (flags & flag.priority) === 0 ? 0 : priorityBytes;
    const block = unpadded(payload, flags, skip);
    const end = (flags & flag.endStream) !== 0;
    if ((flags & flag.endHeaders) !== 0) this.#onHeaders(id, this.#decoder.decode(block), end);
    // A copy, as the rest may take its time.
    else this.#pending = { id, pieces: [Buffer.from(block)], bytes: block.length, end };
  }

  continuation(flags: number, payload: Buffer): void {
    const pending = this.#pending;
    if (pending === undefined) throw new ConnectionError(errorCode.protocolError, 'CONTINUATION of nothing');
    pending.pieces.push(Buffer.from(payload));
    // An empty frame weighs too: it costs us as much as one that holds something.
    pending.bytes += payload.length + frameHeaderBytes;
    if (pending.bytes > this.#mostBytes) {
      throw new ConnectionError(errorCode.enhanceYourCalm, 'a header block without end');
    }
    if ((flags & flag.endHeaders) === 0) return;
    this.#pending = undefined;
    this.#onHeaders(pending.id, this.#decoder.decode(Buffer.concat(pending.pieces)), pending.end);
  }
}
