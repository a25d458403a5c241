import { describe, expect, it } from '#kit/testing/test.ts';
import { toGrpcMetadata, toHttpHeaders } from './headers.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('headers towards an HTTP peer', () => {
  it('hold nothing of one hop, whether listed by HTTP or named by Connection', () => {
    const headers = {
      connection: 'close, X-Secret-Hop',
      'x-secret-hop': '1',
      te: 'trailers',
      upgrade: 'websocket',
      'transfer-encoding': 'chunked',
      'content-length': '3',
      authorization: 'Bearer x',
      'x-many': ['1', '2'],
    };
    expect(toHttpHeaders(headers)).toEqual({ authorization: 'Bearer x', 'x-many': ['1', '2'] });
  });

  it('turn the trace of a gRPC caller into traceparent', () => {
    const bin = toGrpcMetadata({ traceparent }, true)['grpc-trace-bin'] as string;
    expect(toHttpHeaders({ 'grpc-trace-bin': bin, 'grpc-timeout': '1S', 'x-bin': 'AA==' })).toEqual({
      traceparent,
      'dapr-grpc-timeout': '1S',
    });
  });
});

describe('metadata towards a gRPC peer', () => {
  it("marks HTTP's own headers and passes on the others", () => {
    const headers = { accept: '*/*', 'x-own': '1', 'content-length': '3' };
    expect(toGrpcMetadata(headers, true)).toEqual({ 'dapr-accept': '*/*', 'x-own': '1' });
  });

  it('holds nothing of one hop of HTTP, nor what an app cannot say for gRPC', () => {
    const ofHop = { host: 'x', connection: 'x-hop', 'x-hop': '1', 'keep-alive': '5', 'transfer-encoding': 'chunked' };
    expect(toGrpcMetadata({ ...ofHop, 'grpc-status': '5', 'x-own': '1' }, true)).toEqual({ 'x-own': '1' });
  });

  it('passes the metadata of a gRPC caller as it is', () => {
    expect(toGrpcMetadata({ 'x-own': '1', 'x-bin': 'AA==', 'content-type': 'application/grpc' }, false)).toEqual({
      'x-own': '1',
      'x-bin': 'AA==',
    });
  });
});
