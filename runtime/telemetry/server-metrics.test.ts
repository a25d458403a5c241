import { Registry } from 'prom-client';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { Served } from '../doors/served.ts';
import { serverMetrics } from './server-metrics.ts';

const settings = { increasedCardinality: true, pathMatching: [], excludeVerbs: false };

/** What is scraped after these requests over HTTP. */
async function scraped(...paths: string[]): Promise<string> {
  const registry = new Registry();
  const served = serverMetrics(registry, 'shop', settings);
  for (const path of paths) {
    const call = { door: 'http', verb: 'GET', path, status: 200, milliseconds: 3, requestBytes: 0, responseBytes: 7 };
    served(call as Served);
  }
  return registry.metrics();
}

describe('metrics of requests over HTTP', () => {
  it('show paths as an app reads them, and broken escapes as they came', async () => {
    const text = await scraped('/v1.0/invoke/till/method/%73ecret', '/v1.0/invoke/till/method/secret', '/a%zz');
    const count = (path: string) =>
      `dapr_http_server_request_count{app_id="shop",method="GET",path="${path}",status="200"}`;
    expect(text).toContain(`${count('/v1.0/invoke/till/method/secret')} 2\n`);
    expect(text).toContain(`${count('/a%zz')} 1\n`);
  });

  it('write bounds as Dapr does', async () => {
    const text = await scraped('/x');
    const bounds = [...text.matchAll(/^dapr_http_server_response_bytes_bucket\{app_id="shop",le="([^"]+)"/gm)];
    expect(bounds.map(([, le]) => le).join(' ')).toBe(
      '1024 2048 4096 16384 65536 262144 1.048576e+06 4.194304e+06 1.6777216e+07 6.7108864e+07 2.68435456e+08 1.073741824e+09 4.294967296e+09 +Inf',
    );
  });
});
