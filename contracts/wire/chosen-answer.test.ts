import { Fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { toStatus } from '#kit/grpc/fault-status.ts';
import { packDetail, StatusError } from '#kit/grpc/status.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { ErrorInfoSchema } from '#proto/google/rpc/error_details_pb.js';
import { chosenAsFault } from './chosen-answer.ts';

const status = (metadata: Record<string, string>) =>
  new StatusError(grpcCode.DATA_LOSS, 'disk gone', [
    packDetail(ErrorInfoSchema, { reason: 'DISK', domain: 'example.org', metadata }),
  ]);

describe('chosenAsFault', () => {
  it('takes the statuses and the error code that a component chose, and gives gRPC callers its own words', () => {
    const problem = chosenAsFault(status({ kit_error: 'true', http_code: '507', tag: 'ERR_DISK' })) as Fault;
    expect(problem).toBeInstanceOf(Fault);
    expect(problem.message).toBe('api error: code = DataLoss desc = disk gone');
    expect([problem.errorCode, problem.chosen?.http]).toEqual(['ERR_DISK', 507]);
    const { code, message, details } = toStatus(problem);
    expect([code, message, details.length]).toEqual([grpcCode.DATA_LOSS, 'disk gone', 1]);
  });

  it.each([[{}], [{ kit_error: 'true' }], [{ kit_error: 'true', http_code: '99' }], [{ http_code: '507' }]])(
    'leaves a status with %j as it is',
    (metadata) => {
      const error = status(metadata as Record<string, string>);
      expect(chosenAsFault(error)).toBe(error);
    },
  );
});
