import type { Metadata } from '#contracts/component.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import { hostAnnotation } from '#kit/kube/annotations.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { PluggableSockets } from './pluggable.ts';

/** Where a component may run, as annotation `outrigger.dev/host` says. */
const hostNames = ['in-process', 'process', 'container', 'socket', 'remote'] as const;
export type HostName = (typeof hostNames)[number];

/** Annotations of a Component that hosts read. */
export const annotations = {
  host: hostAnnotation,
  /** For `remote`: `host:port` with commas between; `dns:///name:port` stands for all addresses of the name. */
  endpoints: 'outrigger.dev/endpoints',
  /** For `remote`: truthy encrypts, and checks the server by the system's trust anchors. */
  endpointsTls: 'outrigger.dev/endpoints-tls',
} as const;

/** A component to open: its manifest with secrets resolved. */
export type HostedComponent = {
  /** `metadata.name`. */
  name: string;
  /** As written; case is ignored. */
  type: string;
  /** Empty and `v0` mean `v1`. */
  version: string;
  metadata: Metadata;
  /** Undefined: the pluggable component that has taken the type, else in this process. */
  host?: HostName | undefined;
  /** Of the manifest; some hosts read further ones. */
  annotations?: Metadata | undefined;
};

/** What hosts get of the sidecar. */
export type HostContext = {
  log: Logger;
  /** Ends the component, wherever it runs. */
  signal: AbortSignal;
  /** The sidecar's own environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** The pluggable components that listen beside the sidecar. */
  sockets: PluggableSockets;
};

/** Brings a component up and yields the way to it. A host knows nothing of kinds. */
export type Host = (component: HostedComponent, context: HostContext) => Promise<Transport>;
