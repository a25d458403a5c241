import { create } from '@bufbuild/protobuf';
import { fault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { type SignCertificateRequest, SignCertificateRequestSchema } from '#proto/dapr/proto/sentry/v1/sentry_pb.js';
import { type Cluster, kubernetesAttestor, type PodFacts } from './kubernetes.ts';

const claims = { 'kubernetes.io': { pod: { name: 'shop-0' } } };
const asJwt = (payload: object) => `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`;
const shopPod: PodFacts = { serviceAccount: 'shop-account', annotations: { 'dapr.io/app-id': 'shop' }, images: [] };
const { signal } = new AbortController();

function attestor(overrides: { user?: string; pod?: Partial<PodFacts>; cluster?: Partial<Cluster> } = {}) {
  const cluster: Cluster = {
    reviewToken: async () => overrides.user ?? 'system:serviceaccount:store:shop-account',
    pod: async (_namespace, name) => (name === 'shop-0' ? { ...shopPod, ...overrides.pod } : undefined),
    trustDomainOf: async (_namespace, name) => ({ plain: '', custom: 'shop.example' })[name],
    ...overrides.cluster,
  };
  const plane = { controlPlaneNamespace: 'dapr-system', controlPlaneTrustDomain: 'cluster.local' };
  const attest = kubernetesAttestor({
    cluster,
    sentryId: 'spiffe://cluster.local/ns/dapr-system/dapr-sentry',
    ...plane,
  });
  return (request: Partial<SignCertificateRequest> = {}) =>
    attest(
      create(SignCertificateRequestSchema, {
        id: 'shop',
        namespace: 'store',
        token: asJwt(claims),
        certificateSigningRequest: Buffer.from('csr'),
        trustDomain: 'wished.example',
        ...(request as object),
      }),
      signal,
    );
}

describe('the Kubernetes attestor', () => {
  it('attests a pod by its annotation, in the public trust domain whatever the request says', async () => {
    expect(await attestor()()).toEqual({ trustDomain: 'public', images: [] });
  });

  it('reads bare claims as well as a JWT', async () => {
    expect(await attestor()({ token: JSON.stringify(claims) })).toMatchObject({ trustDomain: 'public' });
  });

  it('asks for a review with the legacy audience first', async () => {
    const asked: (readonly string[])[] = [];
    const reviewToken: Cluster['reviewToken'] = async (_token, audiences) => {
      asked.push(audiences);
      return 'system:serviceaccount:store:shop-account';
    };
    await attestor({ cluster: { reviewToken } })();
    expect(asked).toEqual([['dapr.io/sentry', 'spiffe://cluster.local/ns/dapr-system/dapr-sentry']]);
  });

  it("takes the trust domain from the pod's Configuration", async () => {
    const named = (name: string) =>
      attestor({ pod: { annotations: { ...shopPod.annotations, 'dapr.io/config': name } } });
    expect((await named('custom')()).trustDomain).toBe('shop.example');
    expect((await named('plain')()).trustDomain).toBe('public');
    await expect(named('gone')()).rejects.toThrow('failed to get configuration store/gone');
  });

  it('uses the name of a pod without an app ID', async () => {
    expect(await attestor({ pod: { annotations: {} } })({ id: 'shop-0' })).toMatchObject({ trustDomain: 'public' });
  });

  it('attests the control plane by its annotation, in its own namespace only', async () => {
    const annotations = { 'dapr.io/control-plane': 'operator' };
    const own = { user: 'system:serviceaccount:dapr-system:shop-account', pod: { annotations } };
    const request = { id: 'dapr-operator', namespace: 'dapr-system' };
    expect(await attestor(own)(request)).toMatchObject({ trustDomain: 'cluster.local' });
    await expect(attestor({ pod: { annotations } })({ id: 'dapr-operator' })).rejects.toThrow("in namespace 'store'");
    const unknown = { ...own, pod: { annotations: { 'dapr.io/control-plane': 'janitor' } } };
    await expect(attestor(unknown)({ ...request, id: 'dapr-janitor' })).rejects.toThrow("service 'janitor'");
    const both = { ...own, pod: { annotations: { ...annotations, 'dapr.io/app-id': 'shop' } } };
    await expect(attestor(both)(request)).rejects.toThrow("cannot have annotation 'dapr.io/app-id'");
  });

  it.each([
    ['another app ID', {}, { id: 'till' }, 'app-id mismatch. expected: shop, received: till'],
    ['another namespace', {}, { namespace: 'elsewhere' }, 'namespace mismatch'],
    ['another service account', { pod: { serviceAccount: 'x' } }, {}, 'pod service account mismatch'],
    ['a user who is no service account', { user: 'admin' }, {}, 'not a properly structured service account token'],
    ['a pod that is gone', {}, { token: asJwt({ 'kubernetes.io': { pod: { name: 'gone' } } }) }, 'no pod store/gone'],
    ['a token bound to no pod', {}, { token: asJwt({}) }, 'kubernetes.io/pod/name claim is missing'],
    ['a token that is no token', {}, { token: 'x' }, 'failed to parse Kubernetes token'],
    ['a long app ID', {}, { id: 'a'.repeat(65) }, 'app ID must be 64 characters or less'],
    ['no CSR', {}, { certificateSigningRequest: new Uint8Array() }, 'CSR is required'],
  ])('refuses %s', async (_name, overrides, request, reason) => {
    await expect(attestor(overrides)(request)).rejects.toMatchObject({ key: 'permission-denied' });
    await expect(attestor(overrides)(request)).rejects.toThrow(reason);
  });

  it("passes on the API server's refusal", async () => {
    const reviewToken = () => Promise.reject(fault('permission-denied', 'invalid token: expired'));
    await expect(attestor({ cluster: { reviewToken } })()).rejects.toThrow('invalid token: expired');
  });
});
