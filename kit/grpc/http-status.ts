import { type GrpcCode, grpcCode } from '#kit/errors/table.ts';
import { unseen } from '#kit/errors/unseen.ts';
import type { Headers } from '#kit/http2/hpack-decoder.ts';
import { connectionLost, errorCode } from '#kit/http2/protocol.ts';
import { StatusError } from './status.ts';

/** Codes for HTTP answers without a gRPC status. Source: grpc's http-grpc-status-mapping. */
const byHttp: Readonly<Record<number, GrpcCode>> = {
  400: grpcCode.INTERNAL,
  401: grpcCode.UNAUTHENTICATED,
  403: grpcCode.PERMISSION_DENIED,
  404: grpcCode.UNIMPLEMENTED,
  429: grpcCode.UNAVAILABLE,
  502: grpcCode.UNAVAILABLE,
  503: grpcCode.UNAVAILABLE,
  504: grpcCode.UNAVAILABLE,
};

/** Codes for streams that were reset. Source: grpc's PROTOCOL-HTTP2. */
const byReset: Readonly<Record<number, GrpcCode>> = {
  [errorCode.refusedStream]: grpcCode.UNAVAILABLE,
  [errorCode.cancel]: grpcCode.CANCELLED,
  [errorCode.enhanceYourCalm]: grpcCode.RESOURCE_EXHAUSTED,
  [errorCode.inadequateSecurity]: grpcCode.PERMISSION_DENIED,
};

/** What response headers without a gRPC status mean: undefined when they begin a gRPC answer. */
export function httpStatus(headers: Headers): StatusError | undefined {
  const status = Number(headers[':status'] ?? 0);
  const type = headers['content-type'] ?? 'none';
  if (status === 200 && type.startsWith('application/grpc')) return undefined;
  return new StatusError(
    byHttp[status] ?? grpcCode.UNKNOWN,
    `the server's answer is not gRPC: HTTP status ${status}, content-type ${type}`,
  );
}

/** The status of a call whose stream closed without one; `unseen` where the server has refused it (RFC 9113, 8.7). */
export function closeStatus(resetCode: number): StatusError {
  if (resetCode === connectionLost) {
    return new StatusError(grpcCode.UNAVAILABLE, 'the connection was lost before the call was answered');
  }
  const status = new StatusError(
    byReset[resetCode] ?? grpcCode.INTERNAL,
    `the server closed the call without a status (HTTP/2 code ${resetCode})`,
  );
  return resetCode === errorCode.refusedStream ? unseen(status) : status;
}
