import { type FaultDetail, fault } from '#kit/errors/fault.ts';
import { codeName } from '#kit/grpc/code-name.ts';
import { StatusError, unpackDetails } from '#kit/grpc/status.ts';
import { ErrorInfoSchema } from '#proto/google/rpc/error_details_pb.js';

/**
 * The fault for a failure whose component says what callers shall get: a status with one ErrorInfo whose metadata has
 * `kit_error: "true"`, `http_code`, and `tag`, the Dapr error code. Any other error is returned as it is.
 * Source: Dapr `pkg/components/pluggable/errors.go`.
 */
export function chosenAsFault(error: unknown): unknown {
  if (!(error instanceof StatusError) || error.details.length !== 1) return error;
  const [info] = unpackDetails(error, ErrorInfoSchema);
  const http = Number(info?.metadata['http_code']);
  if (info?.metadata['kit_error'] !== 'true' || !isStatus(http)) return error;
  const detail: FaultDetail = { kind: 'error-info', reason: info.reason, domain: info.domain, metadata: {} };
  return fault('internal', `api error: code = ${codeName(error.code)} desc = ${error.message}`, {
    cause: error,
    errorCode: info.metadata['tag'] || info.reason,
    chosen: { http, grpc: { code: error.code, message: error.message, details: [detail] } },
  });
}

const isStatus = (http: number): boolean => Number.isInteger(http) && http >= 200 && http <= 599;
