import { describe, expect, it } from '#kit/testing/test.ts';
import { Fault, fault, toFault } from './fault.ts';
import { faults, grpcCode } from './table.ts';

describe('the fault table', () => {
  it.each(Object.entries(faults))(
    '%s has a known gRPC code, an HTTP error status and a Dapr error code',
    (_key, row) => {
      expect(Object.values(grpcCode)).toContain(row.grpc);
      expect(row.http).toBeGreaterThanOrEqual(400);
      expect(row.http).toBeLessThan(600);
      expect(row.errorCode).toMatch(/^ERR_[A-Z_]+$/);
    },
  );
});

describe('fault', () => {
  it('takes its error code from the table unless given one', () => {
    expect(fault('not-found', 'gone').errorCode).toBe('ERR_NOT_FOUND');
    expect(fault('not-found', 'gone', { errorCode: 'ERR_OTHER' }).errorCode).toBe('ERR_OTHER');
  });
});

describe('toFault', () => {
  it('keeps a fault as it is', () => {
    const thrown = fault('unavailable', 'later');
    expect(toFault(thrown)).toBe(thrown);
  });

  it('turns anything else into an internal fault that remembers its cause', () => {
    const cause = new Error('disk on fire');
    const turned = toFault(cause);
    expect(turned).toBeInstanceOf(Fault);
    expect(turned.key).toBe('internal');
    expect(turned.cause).toBe(cause);
    expect(toFault('words').message).toBe('words');
  });
});
