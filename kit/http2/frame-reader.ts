import { ConnectionError, defaultFrameBytes, errorCode, frameHeaderBytes, largestWindow } from './protocol.ts';

/** Takes a frame; false ends the reading. */
export type OnFrame = (type: number, flags: number, id: number, payload: Buffer) => boolean;

/** Cuts what comes into frames. A frame that lies in one chunk is a view of it; one that spans chunks is copied once. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Bytes without which looking at the pieces is of no use. */
  #needed = frameHeaderBytes;

  /** Throws `ConnectionError` for a frame longer than agreed, and what `onFrame` throws. */
  read(chunk: Buffer, onFrame: OnFrame): void {
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) return;
    const all = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces.length = 0;
    this.#needed = frameHeaderBytes;
    let at = 0;
    while (all.length - at >= frameHeaderBytes) {
      const length = (all[at]! << 16) | (all[at + 1]! << 8) | all[at + 2]!;
      if (length > defaultFrameBytes) {
        throw new ConnectionError(errorCode.frameSizeError, `a frame of ${length} bytes`);
      }
      const start = at + frameHeaderBytes;
      const end = start + length;
      if (all.length < end) {
        this.#needed = frameHeaderBytes + length;
        break;
      }
      const id = all.readUInt32BE(at + 5) & largestWindow;
      if (!onFrame(all[at + 3]!, all[at + 4]!, id, all.subarray(start, end))) return;
      at = end;
    }
    this.#bytes = all.length - at;
    if (this.#bytes > 0) this.#pieces.push(at === 0 ? all : all.subarray(at));
  }
}
