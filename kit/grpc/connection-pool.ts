import { grpcCode } from '#kit/errors/table.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import type { Session } from './session.ts';
import { StatusError } from './status.ts';
import { type Address, addressText, type Resolver } from './target.ts';

/** Which of several addresses a call goes to: the first that answers, or each in turn. */
export type Balance = 'pick-first' | 'round-robin';

/** The connections to the addresses of one service. */
export type ConnectionPool = {
  /** A session to call on: at once when one is open, else after connecting. Rejects with UNAVAILABLE. */
  pick(): Session | Promise<Session>;
  /** Milliseconds until connecting makes sense again. */
  pauseMs(): number;
  readonly disposed: boolean;
  dispose(): void;
};

/** How often a round-robin pool looks for new addresses. */
const resolveEveryMs = 30_000;

export function connectionPool(resolver: Resolver, balance: Balance, options: ConnectionOptions): ConnectionPool {
  let connections: readonly Connection[] = [];
  let resolving: Promise<void> | undefined;
  let connecting: Promise<Session> | undefined;
  let stale = true;
  let turn = 0;
  let disposed = false;
  const lost = (): void => {
    stale = true;
  };
  const resolve = (): Promise<void> => {
    resolving ??= resolver()
      .then(
        (addresses) => {
          connections = replace(connections, addresses, (address) => new Connection(address, options, lost));
          stale = false;
        },
        (cause: Error) => {
          if (connections.length > 0) return;
          throw new StatusError(grpcCode.UNAVAILABLE, `cannot resolve the service: ${cause.message}`, [], cause);
        },
      )
      .finally(() => {
        resolving = undefined;
      });
    return resolving;
  };
  const connect = async (): Promise<Session> => {
    if (disposed) throw new StatusError(grpcCode.UNAVAILABLE, 'the channel is closed');
    if (stale) await resolve();
    if (connections.length === 0) throw new StatusError(grpcCode.UNAVAILABLE, 'the service has no addresses');
    try {
      return balance === 'pick-first' ? await first(connections) : await any(connections);
    } catch (thrown) {
      stale = true;
      throw thrown;
    }
  };
  const refresh = setInterval(() => {
    if (balance === 'round-robin') resolve().catch(lost);
  }, resolveEveryMs);
  refresh.unref();
  return {
    pick() {
      for (let i = 0; i < connections.length; i++) {
        const at = balance === 'pick-first' ? i : turn++ % connections.length;
        const { session } = connections[at]!;
        if (session !== undefined) return session;
        if (balance === 'round-robin') wake(connections[at]!);
      }
      connecting ??= connect().finally(() => {
        connecting = undefined;
      });
      return connecting;
    },
    pauseMs: () => Math.min(...connections.map((connection) => connection.pauseMs), 1_000),
    get disposed() {
      return disposed;
    },
    dispose() {
      disposed = true;
      clearInterval(refresh);
      for (const connection of connections) connection.dispose();
      connections = [];
    },
  };
}

function wake(connection: Connection): void {
  if (connection.pauseMs === 0) connection.connect().catch(() => {});
}

/** Keeps the connections whose address stays, retires the others, adds the new. */
function replace(
  old: readonly Connection[],
  addresses: readonly Address[],
  open: (address: Address) => Connection,
): Connection[] {
  const byText = new Map(old.map((connection) => [addressText(connection.address), connection]));
  const next = addresses.map((address) => byText.get(addressText(address)) ?? open(address));
  for (const connection of old) if (!next.includes(connection)) connection.retire();
  return next;
}

async function first(connections: readonly Connection[]): Promise<Session> {
  let error: unknown;
  for (const connection of connections) {
    if (connection.pauseMs > 0) {
      error ??= connection.error;
      continue;
    }
    try {
      return await connection.connect();
    } catch (thrown) {
      error = thrown;
    }
  }
  throw error;
}

async function any(connections: readonly Connection[]): Promise<Session> {
  const awake = connections.filter((connection) => connection.pauseMs === 0);
  if (awake.length === 0) throw connections[0]!.error;
  try {
    return await Promise.any(awake.map((connection) => connection.connect()));
  } catch (thrown) {
    throw (thrown as AggregateError).errors[0];
  }
}
