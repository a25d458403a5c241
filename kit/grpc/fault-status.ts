import { type Fault, type FaultDetail, type FaultOptions, fault, toFault } from '#kit/errors/fault.ts';
import { type FaultKey, faults, type GrpcCode, grpcCode } from '#kit/errors/table.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  HelpSchema,
  ResourceInfoSchema,
} from '#proto/google/rpc/error_details_pb.js';
import { packDetail, type StatusDetail, StatusError, unpackDetails } from './status.ts';

/** The status of whatever a handler threw: a status as it is, a fault by its row, anything else INTERNAL. */
export function toStatus(thrown: unknown): StatusError {
  if (thrown instanceof StatusError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new StatusError(grpcCode.CANCELLED, 'the call was cancelled', [], thrown);
  }
  const problem = toFault(thrown);
  const { message, details, chosen } = problem;
  const answer = chosen?.grpc ?? { code: faults[problem.key].grpc, message, details };
  return new StatusError(answer.code, answer.message, answer.details.map(packed), problem);
}

function packed(detail: FaultDetail): StatusDetail {
  switch (detail.kind) {
    case 'error-info':
      return packDetail(ErrorInfoSchema, { reason: detail.reason, domain: detail.domain, metadata: detail.metadata });
    case 'resource-info': {
      const { resourceType, resourceName, owner, description } = detail;
      return packDetail(ResourceInfoSchema, { resourceType, resourceName, owner, description });
    }
    case 'bad-request':
      return packDetail(BadRequestSchema, {
        fieldViolations: detail.violations.map((violation) => ({ ...violation })),
      });
    case 'help':
      return packDetail(HelpSchema, { links: detail.links.map((link) => ({ ...link })) });
  }
}

const keys: Readonly<Partial<Record<GrpcCode, FaultKey>>> = {
  [grpcCode.CANCELLED]: 'cancelled',
  [grpcCode.INVALID_ARGUMENT]: 'bad-request',
  [grpcCode.DEADLINE_EXCEEDED]: 'deadline-exceeded',
  [grpcCode.NOT_FOUND]: 'not-found',
  [grpcCode.PERMISSION_DENIED]: 'permission-denied',
  [grpcCode.RESOURCE_EXHAUSTED]: 'too-large',
  [grpcCode.UNIMPLEMENTED]: 'unimplemented',
  [grpcCode.UNAVAILABLE]: 'unavailable',
  [grpcCode.UNAUTHENTICATED]: 'unauthenticated',
};

/**
 * A peer's status as a fault, its details kept and the status itself as cause; codes without a general row of their own
 * become `internal`. Errors that are not statuses go through `toFault`.
 */
export function statusFault(thrown: unknown): Fault {
  if (!(thrown instanceof StatusError)) return toFault(thrown);
  const [info] = unpackDetails(thrown, ErrorInfoSchema);
  const options: FaultOptions = { cause: thrown, details: unpacked(thrown) };
  if (info !== undefined && info.reason !== '') options.errorCode = info.reason;
  return fault(keys[thrown.code] ?? 'internal', thrown.message, options);
}

function unpacked(status: StatusError): FaultDetail[] {
  return [
    ...unpackDetails(status, ErrorInfoSchema).map(
      ({ reason, domain, metadata }): FaultDetail => ({ kind: 'error-info', reason, domain, metadata }),
    ),
    ...unpackDetails(status, ResourceInfoSchema).map(
      ({ resourceType, resourceName, owner, description }): FaultDetail => ({
        kind: 'resource-info',
        resourceType,
        resourceName,
        owner,
        description,
      }),
    ),
    ...unpackDetails(status, BadRequestSchema).map(
      ({ fieldViolations }): FaultDetail => ({
        kind: 'bad-request',
        violations: fieldViolations.map(({ field, description }) => ({ field, description })),
      }),
    ),
    ...unpackDetails(status, HelpSchema).map(
      ({ links }): FaultDetail => ({
        kind: 'help',
        links: links.map(({ url, description }) => ({ url, description })),
      }),
    ),
  ];
}
