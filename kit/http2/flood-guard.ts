import { ConnectionError, errorCode } from './protocol.ts';

/** Resets of streams under way, and streams refused, that a peer may cause at once, and how many more each second. */
const resetsAtOnce = 1_000;
const resetsPerSecond = 200;
/** Acknowledgements that may lie unread, and frames of data that hold none in a row. */
const mostUnread = 1_000;
const unreadBytes = 64 * 1024;
const mostEmpty = 1_000;

/**
 * Counts what costs us more than the peer, and ends the connection of one that does too much of it. Sources:
 * CVE-2023-44487 (resets), CVE-2019-9512 and 9515 (pings and settings), CVE-2019-9518 (empty frames).
 */
export class FloodGuard {
  readonly #now: () => number;
  #resets = resetsAtOnce;
  #counted: number;
  #unread = 0;
  #empty = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#counted = now();
  }

  /** The peer has opened a stream and taken it back. */
  reset(): void {
    const now = this.#now();
    this.#resets = Math.min(resetsAtOnce, this.#resets + ((now - this.#counted) / 1_000) * resetsPerSecond) - 1;
    this.#counted = now;
    if (this.#resets < 0) throw calm('too many resets');
  }

  /** The peer has opened a stream that could not be served. */
  refusal(): void {
    this.reset();
  }

  /** The peer wants an acknowledgement while so many bytes have not left for it. */
  reply(pendingBytes: number): void {
    this.#unread += 1;
    if (this.#unread > mostUnread && pendingBytes > unreadBytes) throw calm('acknowledgements that are not read');
  }

  /** The peer has taken all that was sent. */
  read(): void {
    this.#unread = 0;
  }

  /** Data, or its end. */
  data(): void {
    this.#empty = 0;
  }

  /** A frame of data without data or end. */
  emptyFrame(): void {
    this.#empty += 1;
    if (this.#empty > mostEmpty) throw calm('frames without data');
  }
}

const calm = (message: string): ConnectionError => new ConnectionError(errorCode.enhanceYourCalm, message);
