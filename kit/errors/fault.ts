import { type FaultKey, faults, type GrpcCode } from './table.ts';

/** A detail that travels with an error on both doors: gRPC status details, HTTP `details[]`. */
export type FaultDetail =
  | { kind: 'error-info'; reason: string; domain: string; metadata: Readonly<Record<string, string>> }
  | { kind: 'resource-info'; resourceType: string; resourceName: string; owner: string; description: string }
  | { kind: 'bad-request'; violations: readonly { field: string; description: string }[] }
  | { kind: 'help'; links: readonly { url: string; description: string }[] };

/** What a component has chosen to be answered for its failure, in place of the statuses of the table. */
export type ChosenAnswer = {
  /** Status over HTTP; the body is the fault's own. */
  http: number;
  /** What gRPC callers get. */
  grpc: { code: GrpcCode; message: string; details: readonly FaultDetail[] };
};

export type FaultOptions = {
  /** The underlying error: logged, never sent to the caller. */
  cause?: unknown;
  /** Overrides the table's Dapr error code (`ERR_…`) for this instance. */
  errorCode?: string;
  details?: readonly FaultDetail[];
  chosen?: ChosenAnswer | undefined;
};

/**
 * The only error the product throws on purpose. Its key names a row of the fault table, which says
 * what each door answers; the message is what the caller may read.
 */
export class Fault extends Error {
  readonly key: FaultKey;
  readonly errorCode: string;
  readonly details: readonly FaultDetail[];
  readonly chosen: ChosenAnswer | undefined;

  constructor(key: FaultKey, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.key = key;
    this.errorCode = options.errorCode ?? faults[key].errorCode;
    this.details = options.details ?? [];
    this.chosen = options.chosen;
  }
}

/** Makes the error for a row of the fault table. Usage: `throw fault('state-store-not-found', 'state store x …')`. */
export function fault(key: FaultKey, message: string, options?: FaultOptions): Fault {
  return new Fault(key, message, options);
}

/** What any thrown value becomes at a door: faults stay, everything else is `internal` with the value as cause. */
export function toFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}
