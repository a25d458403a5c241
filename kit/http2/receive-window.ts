/** How much a peer may still send, and how much of what it has sent is not read yet. */
export class ReceiveWindow {
  readonly #full: number;
  #left: number;
  #unread = 0;

  constructor(full: number) {
    this.#full = full;
    this.#left = full;
  }

  /** Bytes came; false when they are more than allowed. */
  came(bytes: number): boolean {
    this.#left -= bytes;
    this.#unread += bytes;
    return this.#left >= 0;
  }

  /** Bytes were read; answers how much more to allow, 0 while that is not worth saying. */
  read(bytes: number): number {
    this.#unread -= bytes;
    if (this.#left > this.#full / 2) return 0;
    const more = this.#full - this.#left - this.#unread;
    this.#left += more;
    return more;
  }
}
