import type { Fault } from '#kit/errors/fault.ts';
import type { Door } from '../chain.ts';

/** A call a door has answered: what the API log and the server metrics are made of. */
export type Served = {
  door: Door;
  /** Name of the RPC (`GetState`), of the page (`Healthz`), or empty where no route matched. */
  operation: string;
  /** HTTP verb, or empty. */
  verb: string;
  /** HTTP path with its query left out, or gRPC path. */
  path: string;
  /** The route's template; empty over gRPC. */
  template: string;
  /** HTTP status or gRPC code. */
  status: number;
  milliseconds: number;
  userAgent: string | undefined;
  requestBytes: number;
  responseBytes: number;
  healthCheck: boolean;
};

/** Who watches the doors. All parts are optional, and a part which is left out costs nothing. */
export type DoorWatch = {
  served?: ((call: Served) => void) | undefined;
  /** Each fault that is answered, once. */
  failed?: ((problem: Fault) => void) | undefined;
};
