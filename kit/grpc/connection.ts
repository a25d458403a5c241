import { grpcCode } from '#kit/errors/table.ts';
import { dial } from './dial.ts';
import { type Keepalive, keepAlive } from './keepalive.ts';
import type { Session } from './session.ts';
import { StatusError } from './status.ts';
import { type Address, addressText } from './target.ts';
import type { ClientTls } from './tls.ts';

export type ConnectionOptions = {
  tls?: ClientTls;
  /** Pings the server; without it, never. */
  keepalive?: Keepalive;
  /** How long one attempt to connect may take. Default 20 s. */
  connectTimeoutMs?: number;
  /** Pause after a failed attempt, doubled each time up to the maximum, ± 20 %. Default 100 ms to 5 s. */
  backoff?: { initialMs: number; maxMs: number };
};

/** One address and the HTTP/2 session to it, made when first needed and anew when lost. */
export class Connection {
  readonly address: Address;
  readonly #options: ConnectionOptions;
  readonly #lost: () => void;
  #session: Session | undefined;
  #connecting: Promise<Session> | undefined;
  #failures = 0;
  #retryAt = 0;
  #error: StatusError | undefined;
  #disposed = false;

  /** `lost` is told when an established session ends or goes away. */
  constructor(address: Address, options: ConnectionOptions, lost: () => void) {
    this.address = address;
    this.#options = options;
    this.#lost = lost;
  }

  /** The session, if calls can start on it now. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Milliseconds until another attempt makes sense; 0 when one may start. */
  get pauseMs(): number {
    return this.#connecting === undefined ? Math.max(0, this.#retryAt - Date.now()) : 0;
  }

  /** Why the last attempt failed. */
  get error(): StatusError | undefined {
    return this.#error;
  }

  /** The session, made if need be; attempts under way are shared. Rejects with UNAVAILABLE. */
  connect(): Promise<Session> {
    if (this.#session !== undefined) return Promise.resolve(this.#session);
    this.#connecting ??= this.#attempt().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Ends the session and the calls on it. */
  dispose(): void {
    this.#disposed = true;
    this.#session?.destroy();
    this.#session = undefined;
  }

  /** Lets the calls on it finish, takes no more. */
  retire(): void {
    this.#disposed = true;
    this.#session?.retire();
    this.#session = undefined;
  }

  async #attempt(): Promise<Session> {
    let unwatch: (() => void) | undefined;
    try {
      const session = await dial(this.address, {
        tls: this.#options.tls,
        timeoutMs: this.#options.connectTimeoutMs ?? 20_000,
        lost: () => {
          unwatch?.();
          this.#gone();
        },
      });
      this.#failures = 0;
      if (this.#options.keepalive !== undefined) unwatch = keepAlive(session, this.#options.keepalive);
      if (this.#disposed) session.destroy();
      else if (session.open) this.#session = session;
      return session;
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  /** Keeps why an attempt failed, and when the next makes sense. */
  #failed(cause: unknown): StatusError {
    const { initialMs, maxMs } = this.#options.backoff ?? { initialMs: 100, maxMs: 5_000 };
    const pause = Math.min(maxMs, initialMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#retryAt = Date.now() + pause * (0.8 + 0.4 * Math.random());
    const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    const message = `cannot connect to ${addressText(this.address)}: ${reason}`;
    this.#error = new StatusError(grpcCode.UNAVAILABLE, message, [], cause);
    return this.#error;
  }

  #gone(): void {
    if (this.#session === undefined) return;
    this.#session = undefined;
    this.#lost();
  }
}
