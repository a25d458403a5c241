import { grpcCode } from '#kit/errors/table.ts';
import { StatusError, unpackDetails } from '#kit/grpc/status.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { ErrorInfoSchema } from '#proto/google/rpc/error_details_pb.js';
import { errorText, httpStatusOf, statusOfHttp } from './status.ts';

describe('httpStatusOf', () => {
  it.each([
    [grpcCode.OK, 200],
    [grpcCode.FAILED_PRECONDITION, 400],
    [grpcCode.ABORTED, 409],
    [grpcCode.DATA_LOSS, 500],
    [99, 500],
  ])('answers for code %d status %d', (code, status) => {
    expect(httpStatusOf(code)).toBe(status);
  });
});

describe('statusOfHttp', () => {
  it('is nothing for success', () => {
    expect(statusOfHttp(204, '')).toBeUndefined();
  });

  it('tells status and the beginning of the body in its details', () => {
    const status = statusOfHttp(409, 'x'.repeat(100))!;
    expect([status.code, status.message]).toEqual([grpcCode.ALREADY_EXISTS, 'Conflict']);
    expect(unpackDetails(status, ErrorInfoSchema)[0]!.metadata).toEqual({
      'http.code': '409',
      'http.error_message': 'x'.repeat(63),
    });
  });
});

describe('errorText', () => {
  it('quotes a status as grpc-go does', () => {
    expect(errorText(new StatusError(grpcCode.PERMISSION_DENIED, 'no'))).toBe(
      'rpc error: code = PermissionDenied desc = no',
    );
    expect(errorText(new Error('plain'))).toBe('plain');
  });
});
