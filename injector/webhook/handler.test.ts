import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { fault } from '#kit/errors/fault.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { authorizer } from '../access/authorize.ts';
import { injectorMetrics } from '../metrics.ts';
import type { Settings } from '../patch/settings.ts';
import { testSettings } from '../patch/testing/settings.ts';
import { admitter } from './admit.ts';
import { webhookHandler } from './handler.ts';

const registry = new Registry();
const metrics = injectorMetrics(registry);
let settings: () => Promise<Settings>;
const admit = admitter({
  authorized: authorizer([]),
  settings: () => settings(),
  metrics,
  log: silentLogger,
});
const server = createServer(webhookHandler({ admit, took: metrics.took }));
let url: string;

beforeEach(async () => {
  settings = () => Promise.resolve(testSettings());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mutate`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  registry.resetMetrics();
});

const pod = (annotations: Record<string, string>, name = 'shop') => ({
  metadata: { name, creationTimestamp: null, annotations },
  spec: { containers: [{ name: 'shop', image: 'shop:1', resources: {} }], initContainers: null },
});
const enabled = pod({ 'dapr.io/enabled': 'True', 'dapr.io/app-id': 'shop' });

const review = (object: unknown, changes: object = {}) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u-1',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    namespace: 'shop',
    operation: 'CREATE',
    userInfo: { groups: ['system:masters'] },
    object,
    ...changes,
  },
});

async function post(body: string, contentType = 'application/json') {
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': contentType } });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as Record<string, unknown> };
}

const ask = async (body: unknown) => {
  const { status, body: answer } = await post(JSON.stringify(body));
  expect(status).toBe(200);
  return answer as {
    apiVersion: string;
    kind: string;
    response: { uid: string; allowed: boolean; patch?: string; status?: { message: string }; warnings?: string[] };
  };
};

describe('POST /mutate', () => {
  it('answers in the version it was asked in, with the same UID and a JSON Patch', async () => {
    const answer = await ask({ ...review(enabled), apiVersion: 'admission.k8s.io/v1beta1' });
    expect(answer).toMatchObject({
      apiVersion: 'admission.k8s.io/v1beta1',
      kind: 'AdmissionReview',
      response: { uid: 'u-1', allowed: true, patchType: 'JSONPatch' },
    });
    const patch = Buffer.from(answer.response.patch!, 'base64').toString();
    expect(JSON.parse(patch)).toContainEqual({ op: 'add', path: '/metadata/labels', value: expect.anything() });
    expect(patch).toContain('"daprd"');
  });

  it.each([
    ['is not a pod', review({}, { kind: { kind: 'Deployment' } })],
    ['did not ask for a sidecar', review(pod({}))],
    ['does not want one', review(pod({ 'dapr.io/enabled': 'false' }))],
    ['has one already', review({ ...enabled, spec: { containers: [{ name: 'daprd' }] } })],
  ])('lets pass as it is what %s', async (_what, body) => {
    expect((await ask(body)).response).toEqual({ uid: 'u-1', allowed: true });
  });

  it('lets the pod of a stranger pass, and says why it gets no sidecar', async () => {
    const userInfo = { username: 'system:serviceaccount:some-ns:some-sa' };
    const { response } = await ask(review(enabled, { userInfo }));
    expect(response).toEqual({
      uid: 'u-1',
      allowed: true,
      warnings: [
        'no sidecar: "system:serviceaccount:some-ns:some-sa" is not among the allowed service accounts (ALLOWED_SERVICE_ACCOUNTS)',
      ],
    });
  });

  it('says that only "true" adds a sidecar', async () => {
    const { response } = await ask(review(pod({ 'dapr.io/enabled': 'yes' })));
    expect(response.warnings).toEqual(['no sidecar: the annotation dapr.io/enabled is "yes": write "true"']);
  });

  it('refuses a pod that cannot be given its sidecar', async () => {
    const { response } = await ask(review(pod({ 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'Not_Valid' })));
    expect(response).toMatchObject({
      allowed: false,
      status: { code: 400, message: /app ID "Not_Valid" is not valid/ },
    });
    settings = () => Promise.reject(fault('unavailable', 'cannot list the Components of shop: away'));
    expect((await ask(review(enabled))).response.status?.message).toBe('cannot list the Components of shop: away');
  });

  it('counts what it did', async () => {
    await ask(review(enabled));
    await ask(review(pod({ 'dapr.io/enabled': 'true' }, 'x'.repeat(70))));
    const text = await registry.metrics();
    expect(text).toContain('dapr_injector_sidecar_injection_requests_total 2');
    expect(text).toContain('dapr_injector_sidecar_injection_succeeded_total{app_id="shop"} 1');
    expect(text).toContain(`_failed_total{app_id="${'x'.repeat(70)}",reason="patch"} 1`);
  });

  it.each([
    ['nothing', '', 'application/json', 400, 'empty body'],
    ['another type', '{}', 'text/plain', 415, 'invalid Content-Type, expected `application/json`'],
    ['what is not JSON', '{', 'application/json', 400, 'the body is not JSON'],
    ['something else', '{"kind":"Pod"}', 'application/json', 400, 'not an AdmissionReview: apiVersion: '],
    [
      'a review without a request',
      '{"apiVersion":"v1","kind":"AdmissionReview"}',
      'application/json',
      400,
      'request: ',
    ],
  ])('answers %s with a clear error', async (_what, body, type, status, message) => {
    const answer = await post(body, type);
    expect(answer.status).toBe(status);
    expect(answer.body['message']).toContain(message);
  });

  it('answers a body that is too large with 413', async () => {
    const { status, body } = await post(JSON.stringify({ padding: 'x'.repeat(9 * 1024 * 1024) }));
    expect([status, body]).toEqual([
      413,
      { errorCode: 'ERR_TOO_LARGE', message: 'the body is larger than 8388608 bytes' },
    ]);
  });

  it('refuses a pod of the wrong shape and names the field', async () => {
    const { response } = await ask(review({ metadata: { annotations: { 'dapr.io/enabled': 1 } } }));
    expect(response.status?.message).toContain('not a Pod: metadata.annotations.dapr.io/enabled: ');
  });

  it('never answers 5xx, whatever it is sent', async () => {
    const object = fc.oneof(fc.jsonValue(), fc.record({ metadata: fc.jsonValue(), spec: fc.jsonValue() }));
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      object.map((value) => JSON.stringify(review(value))),
      fc.jsonValue().map((value) => JSON.stringify({ ...review(enabled), request: value })),
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        expect((await post(text)).status).toBeLessThan(500);
      }),
    );
  });

  it('serves nothing else', async () => {
    expect((await fetch(url)).status).toBe(404);
  });
});
