import { type GrpcCode, grpcCode } from '#kit/errors/table.ts';
import { packDetail, StatusError } from '#kit/grpc/status.ts';
import { ErrorInfoSchema } from '#proto/google/rpc/error_details_pb.js';

const httpOfGrpc: Readonly<Record<number, number>> = {
  [grpcCode.OK]: 200,
  [grpcCode.CANCELLED]: 408,
  [grpcCode.INVALID_ARGUMENT]: 400,
  [grpcCode.DEADLINE_EXCEEDED]: 504,
  [grpcCode.NOT_FOUND]: 404,
  [grpcCode.ALREADY_EXISTS]: 409,
  [grpcCode.PERMISSION_DENIED]: 403,
  [grpcCode.UNAUTHENTICATED]: 401,
  [grpcCode.RESOURCE_EXHAUSTED]: 429,
  [grpcCode.FAILED_PRECONDITION]: 400,
  [grpcCode.ABORTED]: 409,
  [grpcCode.OUT_OF_RANGE]: 400,
  [grpcCode.UNIMPLEMENTED]: 501,
  [grpcCode.UNAVAILABLE]: 503,
};

/** The HTTP status in which an HTTP caller sees the gRPC code of an app. Source: grpc-gateway's table. */
export function httpStatusOf(code: number): number {
  return httpOfGrpc[code] ?? 500;
}

const grpcOfHttp: Readonly<Record<number, GrpcCode>> = {
  400: grpcCode.INTERNAL,
  401: grpcCode.UNAUTHENTICATED,
  403: grpcCode.PERMISSION_DENIED,
  404: grpcCode.NOT_FOUND,
  408: grpcCode.CANCELLED,
  409: grpcCode.ALREADY_EXISTS,
  429: grpcCode.RESOURCE_EXHAUSTED,
  500: grpcCode.UNKNOWN,
  501: grpcCode.UNIMPLEMENTED,
  503: grpcCode.UNAVAILABLE,
  504: grpcCode.DEADLINE_EXCEEDED,
};

const statusTexts: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  409: 'Conflict',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** Longest text of the app that goes into the status' details. */
const maxDetailLength = 63;

/** The status in which a gRPC caller sees the HTTP answer of an app; undefined for 2xx. */
export function statusOfHttp(status: number, body: string): StatusError | undefined {
  if (status >= 200 && status < 300) return undefined;
  const text = statusTexts[status] ?? '';
  const metadata = { 'http.code': String(status), 'http.error_message': body.slice(0, maxDetailLength) };
  const detail = packDetail(ErrorInfoSchema, { reason: text, domain: 'dapr.io', metadata });
  return new StatusError(grpcOfHttp[status] ?? grpcCode.UNKNOWN, text, [detail]);
}

const goNames = Object.fromEntries(
  Object.entries(grpcCode).map(([name, code]) => [
    code,
    name === 'OK' ? 'OK' : name === 'CANCELLED' ? 'Canceled' : camel(name),
  ]),
);

function camel(name: string): string {
  return name
    .split('_')
    .map((word) => word[0] + word.slice(1).toLowerCase())
    .join('');
}

/** The name of a gRPC code as grpc-go writes it: `PermissionDenied`. */
function codeName(code: number): string {
  return goNames[code] ?? `Code(${code})`;
}

/** An error as Dapr's messages quote it: a status with its code's name, anything else by its message. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof StatusError) return `rpc error: code = ${codeName(thrown.code)} desc = ${thrown.message}`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
