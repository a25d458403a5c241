import type { FrameSink } from './frame.ts';
import type { StatusError } from './status.ts';

/** What a queue needs of its stream to keep a fast sender within bounds. */
export type Flow = { pause(): void; resume(): void; cancel(): void };

const pauseAt = 8;

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Frames of one stream in their order, for one reader. A reader which lags pauses the stream; one that leaves early
 * cancels it. Frames that arrived before an error are still handed out.
 */
export class FrameQueue implements FrameSink, AsyncIterableIterator<Buffer> {
  readonly #flow: Flow;
  #frames: Buffer[] = [];
  #paused = false;
  #ended = false;
  #error: StatusError | undefined;
  #waiting: { resolve(result: IteratorResult<Buffer>): void; reject(error: unknown): void } | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  frame(frame: Buffer): void {
    if (this.#ended) return;
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve({ done: false, value: frame });
      return;
    }
    this.#frames.push(frame);
    if (this.#frames.length >= pauseAt && !this.#paused) {
      this.#paused = true;
      this.#flow.pause();
    }
  }

  /** No frame follows; with an error, the reader is thrown it after the frames it has not read yet. */
  end(error?: StatusError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    if (error === undefined) waiting.resolve(done);
    else waiting.reject(error);
  }

  next(): Promise<IteratorResult<Buffer>> {
    const frame = this.#frames.shift();
    if (frame !== undefined) {
      if (this.#paused && this.#frames.length === 0) {
        this.#paused = false;
        this.#flow.resume();
      }
      return Promise.resolve({ done: false, value: frame });
    }
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(done);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Buffer>> {
    this.#frames = [];
    if (!this.#ended) {
      this.#ended = true;
      this.#flow.cancel();
    }
    return Promise.resolve(done);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
