import {
  ConnectionError,
  errorCode,
  flag,
  frameHeaderBytes,
  frameType,
  largestWindow,
  mostFrameBytes,
} from './protocol.ts';

/** Takes a frame; false ends the reading. */
export type OnFrame = (type: number, flags: number, id: number, payload: Buffer) => boolean;

/**
 * Cuts what comes into frames. A frame that lies in one chunk is a view of it; one that spans chunks is copied once. Data
 * is never copied, but for padded frames: what has come of a frame is told as if it were a frame of its own.
 */
export class FrameReader {
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Bytes without which looking at the pieces is of no use. */
  #needed = frameHeaderBytes;
  /** What is to come of a frame of data whose beginning was told. */
  #dataLeft = 0;
  #dataFlags = 0;
  #dataId = 0;

  /** Throws `ConnectionError` for a frame longer than agreed, and what `onFrame` throws. */
  read(chunk: Buffer, onFrame: OnFrame): void {
    let rest = chunk;
    if (this.#dataLeft > 0) {
      const piece = chunk.length <= this.#dataLeft ? chunk : chunk.subarray(0, this.#dataLeft);
      if (!this.#moreData(piece, onFrame) || piece.length === chunk.length) return;
      rest = chunk.subarray(piece.length);
    }
    this.#pieces.push(rest);
    this.#bytes += rest.length;
    if (this.#bytes < this.#needed) return;
    const all = this.#pieces.length === 1 ? rest : Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces.length = 0;
    this.#needed = frameHeaderBytes;
    this.#readAll(all, onFrame);
  }

  #readAll(all: Buffer, onFrame: OnFrame): void {
    let at = 0;
    while (all.length - at >= frameHeaderBytes) {
      const length = (all[at]! << 16) | (all[at + 1]! << 8) | all[at + 2]!;
      if (length > mostFrameBytes) {
        throw new ConnectionError(errorCode.frameSizeError, `a frame of ${length} bytes`);
      }
      const start = at + frameHeaderBytes;
      const end = start + length;
      const [type, flags] = [all[at + 3]!, all[at + 4]!];
      const id = all.readUInt32BE(at + 5) & largestWindow;
      if (all.length < end) {
        if (type === frameType.data && (flags & flag.padded) === 0) {
          this.#dataLeft = length;
          this.#dataFlags = flags;
          this.#dataId = id;
          if (all.length > start) this.#moreData(all.subarray(start), onFrame);
          at = all.length;
        } else this.#needed = frameHeaderBytes + length;
        break;
      }
      if (!onFrame(type, flags, id, all.subarray(start, end))) return;
      at = end;
    }
    this.#bytes = all.length - at;
    if (this.#bytes > 0) this.#pieces.push(at === 0 ? all : all.subarray(at));
  }

  #moreData(piece: Buffer, onFrame: OnFrame): boolean {
    this.#dataLeft -= piece.length;
    const flags = this.#dataLeft === 0 ? this.#dataFlags : this.#dataFlags & ~flag.endStream;
    return onFrame(frameType.data, flags, this.#dataId, piece);
  }
}
