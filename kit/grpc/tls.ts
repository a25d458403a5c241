import type { X509Certificate } from 'node:crypto';

/** PEM texts of one side of a TLS connection. */
export type TlsMaterial = {
  /** The own certificate, leaf first, then intermediates. */
  cert?: string;
  key?: string;
  /** Trust anchors for the other side; without them, the system's. */
  ca?: string;
};

/**
 * TLS of a server. `material` is asked at each new connection and must answer the same object until something changed:
 * so certificates rotate without a call being dropped.
 */
export type ServerTls = {
  material(): TlsMaterial;
  /** Demands a client certificate that chains to `ca`; a connection without one is refused. */
  mutual?: boolean;
  /** Further demands on the client's certificate: throws to refuse the connection. */
  verify?(certificate: X509Certificate): void;
  /**
   * For a server of many short connections on which nothing is said that matters in years: half the CPU for each, by
   * X25519 alone where the client has it, without ML-KEM beside it, and without tickets for coming back.
   */
  brief?: boolean;
};

/** TLS of a client; `material` as for a server. */
export type ClientTls = {
  material(): TlsMaterial;
  /** Sent as SNI and, without `verify`, the name the server's certificate must bear. Default: the host dialled. */
  serverName?: string;
  /** Takes the place of the check of the server's name (SPIFFE): throws to refuse. The chain is checked all the same. */
  verify?(certificate: X509Certificate): void;
  /** Accepts any certificate: for `grpcs` apps with self-signed ones, as Dapr does. */
  insecure?: boolean;
};
