import { type Logger, silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { type ApiLogSettings, apiLog } from './api-log.ts';

type Served = Parameters<ReturnType<typeof apiLog>>[0];

const call: Served = {
  ...{ door: 'http', operation: 'GetState', verb: 'GET', path: '/v1.0/state/store/card-4711', status: 200 },
  ...{ milliseconds: 1.6, healthCheck: false, userAgent: 'curl', requestBytes: 0, responseBytes: 7 },
} as Served;

/** What is logged of these calls. */
function logged(settings: Partial<ApiLogSettings>, ...calls: Partial<Served>[]) {
  const lines: unknown[] = [];
  const scoped = (scope: string): Logger => ({
    ...silentLogger,
    info: (message, fields) => void lines.push({ scope, message, ...fields }),
  });
  const log = apiLog({ ...silentLogger, scoped }, { obfuscateURLs: false, omitHealthChecks: false, ...settings });
  for (const one of calls) log({ ...call, ...one } as Served);
  return lines;
}

describe('the API log', () => {
  it('tells of each call in the scopes and fields of Dapr', () => {
    expect(logged({}, {}, { door: 'grpc', path: '/dapr.proto.runtime.v1.Dapr/GetState', status: 0 })).toEqual([
      {
        ...{ scope: 'dapr.runtime.http-info', message: 'HTTP API Called', method: 'GET /v1.0/state/store/card-4711' },
        ...{ code: 200, duration: 2, useragent: 'curl', size: 7 },
      },
      {
        ...{ scope: 'dapr.runtime.grpc.api-info', message: 'gRPC API Called' },
        ...{ method: '/dapr.proto.runtime.v1.Dapr/GetState', code: 0, duration: 2, useragent: 'curl' },
      },
    ]);
  });

  it('obfuscates paths: keys and methods never appear, the app of an invocation does', () => {
    const invoke = { operation: 'InvokeService', path: '/v1.0/invoke/till/method/cards/4711' };
    const lines = logged({ obfuscateURLs: true }, {}, invoke, { ...invoke, path: '/cards/4711' });
    expect(lines).toMatchObject([
      { method: 'GetState' },
      { method: 'InvokeService/till' },
      { method: 'InvokeService' },
    ]);
    expect(JSON.stringify(lines)).not.toContain('4711');
  });

  it('leaves out health checks where it is told to', () => {
    const health = { healthCheck: true };
    expect(logged({ omitHealthChecks: true }, health)).toEqual([]);
    expect(logged({}, health)).toHaveLength(1);
  });
});
