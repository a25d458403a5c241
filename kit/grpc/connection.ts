import { type ClientHttp2Session, connect as connectHttp2, type SecureClientSessionOptions } from 'node:http2';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type TLSSocket, type ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import { grpcCode } from '#kit/errors/table.ts';
import { type Keepalive, keepAlive } from './keepalive.ts';
import { contextOptions } from './server-tls.ts';
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

/** Bytes a connection may have under way towards us before its answers are read. */
const connectionWindow = 4 * 1024 * 1024;

/** One address and the HTTP/2 session to it, made when first needed and anew when lost. */
export class Connection {
  readonly address: Address;
  readonly #options: ConnectionOptions;
  readonly #lost: () => void;
  #session: ClientHttp2Session | undefined;
  #connecting: Promise<ClientHttp2Session> | undefined;
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
  get session(): ClientHttp2Session | undefined {
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
  connect(): Promise<ClientHttp2Session> {
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
    this.#session?.close();
    this.#session = undefined;
  }

  async #attempt(): Promise<ClientHttp2Session> {
    try {
      const session = await openSession(this.address, this.#options);
      this.#failures = 0;
      if (this.#disposed) session.destroy();
      else this.#watch(session);
      return session;
    } catch (cause) {
      const { initialMs, maxMs } = this.#options.backoff ?? { initialMs: 100, maxMs: 5_000 };
      const pause = Math.min(maxMs, initialMs * 2 ** this.#failures);
      this.#failures += 1;
      this.#retryAt = Date.now() + pause * (0.8 + 0.4 * Math.random());
      const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
      const message = `cannot connect to ${addressText(this.address)}: ${reason}`;
      this.#error = new StatusError(grpcCode.UNAVAILABLE, message, [], cause);
      throw this.#error;
    }
  }

  #watch(session: ClientHttp2Session): void {
    this.#session = session;
    const gone = (): void => {
      if (this.#session !== session) return;
      this.#session = undefined;
      this.#lost();
    };
    session.once('goaway', gone);
    session.once('close', gone);
    session.setLocalWindowSize(connectionWindow);
    if (this.#options.keepalive !== undefined) session.once('close', keepAlive(session, this.#options.keepalive));
  }
}

function openSession(address: Address, options: ConnectionOptions): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(authorityUrl(address, options.tls), sessionOptions(address, options.tls));
    const limitMs = options.connectTimeoutMs ?? 20_000;
    const late = setTimeout(() => session.destroy(new Error(`no answer within ${limitMs} ms`)), limitMs);
    let failure: Error | undefined;
    const failed = (cause: Error): void => {
      failure ??= cause;
    };
    const closed = (): void => {
      clearTimeout(late);
      reject(failure ?? new Error('the connection was closed'));
    };
    session.on('error', failed);
    session.once('close', closed);
    session.once('remoteSettings', () => {
      clearTimeout(late);
      session.off('close', closed);
      const refusal = refusalOf(session, options.tls);
      if (refusal === undefined) return resolve(session);
      session.destroy();
      reject(refusal);
    });
  });
}

/** What `verify` has against the server's certificate. */
function refusalOf(session: ClientHttp2Session, tls: ClientTls | undefined): Error | undefined {
  if (tls?.verify === undefined) return undefined;
  try {
    const certificate = (session.socket as TLSSocket).getPeerX509Certificate();
    if (certificate === undefined) throw new Error('the server sent no certificate');
    tls.verify(certificate);
    return undefined;
  } catch (thrown) {
    return thrown as Error;
  }
}

function authorityUrl(address: Address, tls: ClientTls | undefined): string {
  const scheme = tls === undefined ? 'http' : 'https';
  return 'path' in address ? `${scheme}://localhost` : `${scheme}://${addressText(address)}`;
}

function sessionOptions(address: Address, tls: ClientTls | undefined): SecureClientSessionOptions {
  const options: SecureClientSessionOptions = {
    maxSessionMemory: 64,
    settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
  };
  if (tls === undefined) {
    if ('path' in address) options.createConnection = () => connectTcp(address.path);
    return options;
  }
  Object.assign(options, contextOptions(tls.material()), { ALPNProtocols: ['h2'] });
  if (tls.insecure) options.rejectUnauthorized = false;
  if (tls.verify !== undefined) options.checkServerIdentity = () => undefined;
  const name = tls.serverName ?? ('host' in address ? address.host : 'localhost');
  if (isIP(name) === 0) options.servername = name;
  if ('path' in address) {
    options.createConnection = () => connectTls({ ...(options as TlsConnectionOptions), path: address.path });
  }
  return options;
}
