import { Fault, fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { packDetail, StatusError, unpackDetails } from '#kit/grpc/status.ts';
import { BadRequestSchema } from '#proto/google/rpc/error_details_pb.js';

/**
 * Etag failures travel as FAILED_PRECONDITION (mismatch) or INVALID_ARGUMENT (unreadable) with one BadRequest detail
 * whose single violation is of the field "etag". Source: Dapr `pkg/components/state/pluggable.go`.
 */
const codes = {
  'state-etag-mismatch': grpcCode.FAILED_PRECONDITION,
  'state-etag-invalid': grpcCode.INVALID_ARGUMENT,
} as const;

type EtagFault = keyof typeof codes;

const isEtagFault = (key: string): key is EtagFault => key in codes;

/** Awaits a write and turns its etag fault into the status peers expect. */
export async function etagAsStatus(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof Fault) || !isEtagFault(error.key)) throw error;
    const fieldViolations = [{ field: 'etag', description: error.message }];
    throw new StatusError(codes[error.key], error.message, [packDetail(BadRequestSchema, { fieldViolations })], error);
  }
}

/** The fault for an etag status; any other error is returned as it is. */
export function etagAsFault(error: unknown): unknown {
  if (!(error instanceof StatusError)) return error;
  const key = (Object.keys(codes) as EtagFault[]).find((candidate) => codes[candidate] === error.code);
  const violations = unpackDetails(error, BadRequestSchema).flatMap((detail) => detail.fieldViolations);
  const [violation] = violations;
  if (key === undefined || violations.length !== 1 || violation?.field !== 'etag') return error;
  return fault(key, violation.description, { cause: error });
}
