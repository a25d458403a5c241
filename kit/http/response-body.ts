import { type Fault, fault } from '#kit/errors/fault.ts';

/** What a body needs of its connection. */
export type BodyFlow = { pause(): void; resume(): void; abort(reason: Error): void };

type Waiting = { resolve(result: IteratorResult<Buffer, undefined>): void; reject(problem: Fault): void };

const pauseAbove = 256 * 1024;
const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** The body of a response: read it whole, or as it comes at the reader's pace. One reader only. */
export class ResponseBody implements AsyncIterableIterator<Buffer, undefined> {
  readonly #flow: BodyFlow;
  #chunks: Buffer[] = [];
  #size = 0;
  #paused = false;
  #ended = false;
  #problem: Fault | undefined;
  #waiting: Waiting | undefined;
  #whole: { limit: number; resolve(body: Buffer): void; reject(problem: Fault): void } | undefined;

  constructor(flow: BodyFlow) {
    this.#flow = flow;
  }

  /** All of it. Rejects with `too-large` above the limit (the connection is then cut), or with what cut it short. */
  read(limit: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#whole = { limit, resolve, reject };
      this.#settle();
      this.#resume();
    });
  }

  /** Leaves the rest unread and gives the connection up. */
  cancel(): void {
    this.#chunks = [];
    if (!this.#ended) this.#flow.abort(fault('cancelled', 'the response is no longer wanted'));
  }

  /** A further piece has come. */
  push(chunk: Buffer): void {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve({ done: false, value: chunk });
      return;
    }
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#whole !== undefined) this.#settle();
    else if (this.#size > pauseAbove && !this.#paused) {
      this.#paused = true;
      this.#flow.pause();
    }
  }

  /** It is complete, or was cut short. */
  end(problem?: Fault): void {
    this.#ended = true;
    this.#problem = problem;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (problem === undefined) waiting?.resolve(done);
    else waiting?.reject(problem);
    this.#settle();
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#size -= chunk.length;
      if (this.#chunks.length === 0) this.#resume();
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#problem !== undefined) return Promise.reject(this.#problem);
    if (this.#ended) return Promise.resolve(done);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.cancel();
    return Promise.resolve(done);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#flow.resume();
  }

  #settle(): void {
    const whole = this.#whole;
    if (whole === undefined) return;
    if (this.#size > whole.limit) {
      this.#whole = undefined;
      whole.reject(fault('too-large', `the response is larger than the limit of ${whole.limit} bytes`));
      this.cancel();
    } else if (this.#problem !== undefined) whole.reject(this.#problem);
    else if (this.#ended) {
      whole.resolve(this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#size));
    }
  }
}
