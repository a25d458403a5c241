/** One sidecar as others find it. */
export type NameInstance = {
  appId: string;
  namespace: string;
  /** Host or IP that others can reach, without a port. */
  address: string;
  /** Port for calls between sidecars. */
  port: number;
  /** Ports of the app and of the HTTP API, for directories that check them. */
  appPort?: number | undefined;
  httpPort?: number | undefined;
};

export type NameQuery = {
  appId: string;
  namespace: string;
  /** Port for calls between sidecars where the resolver knows names only. */
  port: number;
};

/** Finds the sidecars of an app. */
export type NameResolver = AsyncDisposable & {
  /** Makes this sidecar known to others until the resolver is disposed of. Resolvers over a directory that others keep have none. */
  announce?(self: NameInstance): Promise<void>;
  /**
   * Every known address of the app as `host:port` (IPv6 in brackets), never empty, in no order: the caller balances.
   * Answers from its cache where it may. Rejects with `app-not-found` naming the app.
   */
  resolve(query: NameQuery): Promise<readonly string[]>;
};

/** `host:port`, with brackets around an IPv6 address. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
