import type { Agent } from 'node:https';
import type { SecureContextOptions } from 'node:tls';

/** How to reach one API server as one caller. */
export type KubeConnection = {
  /** Base address; may carry a path that every request is put under. */
  server: URL;
  /** Namespace of the pod or of the kubeconfig's context. */
  namespace: string;
  tls: Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase'> & {
    /** Name to verify the server's certificate against, where it is not the host of `server`. */
    servername?: string;
    rejectUnauthorized?: boolean;
  };
  /** Replaces the agent that is made of `tls`: a proxy's, for instance. */
  agent?: Agent;
  /** The value of the Authorization header of the next request; none where the client certificate says it all. */
  authorization(): Promise<string | undefined>;
};
