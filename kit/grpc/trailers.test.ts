import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { ErrorInfoSchema } from '#proto/google/rpc/error_details_pb.js';
import { packDetail, StatusError } from './status.ts';
import { formatTimeout, parseTimeout } from './timeout.ts';
import { decodeMessage, encodeMessage, statusTrailers, trailersStatus } from './trailers.ts';

describe('grpc-message', () => {
  it('comes back as it was, in printable ASCII meanwhile', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (message) => {
        const encoded = encodeMessage(message.toWellFormed());
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeMessage(encoded)).toBe(message.toWellFormed());
      }),
    );
  });

  it('never throws on what a peer sends', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(typeof decodeMessage(text)).toBe('string')));
    expect(decodeMessage('100% of %zz')).toBe('100% of %zz');
  });
});

describe('status trailers', () => {
  it('carry code, message and details', () => {
    const detail = packDetail(ErrorInfoSchema, { reason: 'WHY', domain: 'dapr.io' });
    const status = trailersStatus(statusTrailers(new StatusError(9, 'not so', [detail])));
    expect(status).toMatchObject({ code: 9, message: 'not so' });
    expect(status?.details[0]?.typeUrl).toBe('type.googleapis.com/google.rpc.ErrorInfo');
  });

  it('keep numbers that have no name, read what is no number as UNKNOWN and broken details as none', () => {
    expect(trailersStatus({ 'grpc-status': '99' })?.code).toBe(99);
    for (const text of ['x', '-1', '1.5', '99999999999']) expect(trailersStatus({ 'grpc-status': text })?.code).toBe(2);
    expect(trailersStatus({ 'grpc-status': 'x', 'grpc-status-details-bin': '****' })?.details).toEqual([]);
    expect(trailersStatus({ 'grpc-status': '0' })).toBeUndefined();
  });
});

describe('grpc-timeout', () => {
  it('is at least what was asked, in at most eight digits', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e14, noNaN: true }), (ms) => {
        const text = formatTimeout(ms);
        expect(text).toMatch(/^\d{1,8}[HMSmun]$/);
        expect(parseTimeout(text)).toBeGreaterThanOrEqual(ms * (1 - 1e-9));
      }),
    );
  });

  it.each(['', '1', 'S', '-1S', '1.5S', '123456789S', '1x'])('refuses %j', (text) => {
    expect(parseTimeout(text)).toBeUndefined();
  });
});
