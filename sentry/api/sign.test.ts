import { X509Certificate } from 'node:crypto';
import { Registry } from 'prom-client';
import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { makeIssuer, makeRoot } from '#kit/pki/authority.ts';
import { readIssuerBundle } from '#kit/pki/bundle.ts';
import { certificateFacts, certificatesPem, readCertificates } from '#kit/pki/certificate.ts';
import { makeCsr } from '#kit/pki/csr.ts';
import { generateKey, privateKeyPem } from '#kit/pki/key.ts';
import { loopback } from '#kit/testing/loopback.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { CA, SignCertificateRequest_TokenValidator as Validator } from '#proto/dapr/proto/sentry/v1/sentry_pb.js';
import type { Attestor } from '../attest/attestor.ts';
import { insecureAttestor } from '../attest/insecure.ts';
import { authority } from '../ca/authority.ts';
import { makeJwtKey, readJwtKey } from '../ca/jwt-key.ts';
import { sentryMetrics } from '../metrics.ts';
import { signService } from './sign.ts';

const times = { now: new Date(), ttlMs: 86_400_000, skewMs: 0 };
const root = await makeRoot('cluster.local', times);
const issuer = await makeIssuer(root, 'issuer', times);
const bundle = readIssuerBundle({
  anchors: certificatesPem([root.certificate]),
  chain: certificatesPem([issuer.certificate]),
  key: privateKeyPem(issuer.key),
});
const jwtConfig = { issuer: 'https://id.example', algorithm: 'RS256', keyId: '', ttlMs: 60_000 };
const { jwtKey, jwks } = await makeJwtKey();
const csr = Buffer.from(makeCsr(await generateKey('ed25519')));

function sentry(attestor: Attestor = insecureAttestor, kind = Validator.INSECURE, withJwt = false) {
  const registry = new Registry();
  const jwt = withJwt ? readJwtKey(jwtKey, jwks, jwtConfig) : undefined;
  const service = signService({
    authority: authority(
      { bundle, jwt },
      {
        settings: () => ({ workloadCertTtlMs: 3_600_000, allowedClockSkewMs: 0 }),
        jwt: jwtConfig,
        now: () => new Date(),
      },
    ),
    attestors: new Map([[kind, attestor]]),
    defaultAttestor: kind === Validator.INSECURE ? kind : Validator.UNKNOWN,
    namespace: 'dapr-system',
    clusterDomain: 'cluster.local',
    metrics: sentryMetrics(registry),
    log: silentLogger,
  });
  const client = loopback([service]);
  const sign = (request: object) =>
    client.unary(CA.method.signCertificate, {
      id: 'shop',
      namespace: 'default',
      certificateSigningRequest: csr,
      ...request,
    });
  return { sign, registry };
}

describe('SignCertificate', () => {
  it('answers the leaf and its issuer, the anchors and the end of the leaf', async () => {
    const { sign, registry } = sentry();
    const answer = await sign({});
    const [leaf, ...rest] = readCertificates(Buffer.from(answer.workloadCertificate).toString());
    expect(certificateFacts(leaf!).uris).toEqual(['spiffe://public/ns/default/shop']);
    expect(rest.map((one) => one.raw)).toEqual([issuer.certificate.raw]);
    expect(Buffer.from(answer.trustChainCertificates[0]!).toString()).toBe(bundle.anchorsPem);
    expect(Number(answer.validUntil!.seconds) * 1000).toBe(leaf!.validToDate.getTime());
    expect(answer.jwt).toBeUndefined();
    expect(await registry.metrics()).toContain('dapr_sentry_cert_sign_success_total 1');
  });

  it.each([
    ['dapr-injector', ['dapr-sidecar-injector.dapr-system.svc']],
    ['dapr-operator', ['dapr-webhook.dapr-system.svc']],
    [
      'dapr-scheduler',
      [0, 1, 2].map((i) => `dapr-scheduler-server-${i}.dapr-scheduler-server.dapr-system.svc.cluster.local`),
    ],
    ['shop', []],
  ])('gives %s its DNS names in the namespace of the control plane only', async (id, names) => {
    const { sign } = sentry();
    const dnsOf = async (namespace: string) =>
      certificateFacts(new X509Certificate((await sign({ id, namespace })).workloadCertificate)).dnsNames;
    expect(await dnsOf('dapr-system')).toEqual(names);
    expect(await dnsOf('default')).toEqual([]);
  });

  it('names the images of the pod', async () => {
    const images = [{ role: 'app', containerName: 'shop', image: 'shop:1' }] as const;
    const { sign } = sentry(async () => ({ trustDomain: 'public', images }));
    const leaf = new X509Certificate((await sign({})).workloadCertificate);
    expect(leaf.raw.toString('latin1')).toContain(JSON.stringify(images));
  });

  it('issues one token for all audiences and one for each', async () => {
    const answer = await sentry(insecureAttestor, Validator.INSECURE, true).sign({ jwtAudiences: ['a', 'public'] });
    const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
    expect(claims(answer.jwt!)).toMatchObject({
      iss: 'https://id.example',
      sub: 'spiffe://public/ns/default/shop',
      aud: ['public', 'a'],
      use: 'sig',
    });
    expect(Object.keys(answer.perAudienceJwts).sort()).toEqual(['a', 'public']);
    expect(claims(answer.perAudienceJwts['a']!.value).aud).toEqual(['a']);
  });

  it.each([
    [
      'a validator that is off',
      { tokenValidator: Validator.JWKS },
      grpcCode.INVALID_ARGUMENT,
      'validator is not enabled',
    ],
    ['a validator nobody knows', { tokenValidator: -1 }, grpcCode.INVALID_ARGUMENT, 'validator is not enabled'],
    ['no CSR', { certificateSigningRequest: undefined }, grpcCode.PERMISSION_DENIED, 'CSR is required'],
    ['no namespace', { namespace: '' }, grpcCode.PERMISSION_DENIED, 'namespace is required'],
    [
      'a bad CSR',
      { certificateSigningRequest: Buffer.from('x') },
      grpcCode.INVALID_ARGUMENT,
      'invalid certificate signing',
    ],
    ['a namespace no ID may hold', { namespace: 'a/b' }, grpcCode.INVALID_ARGUMENT, 'namespace "a/b"'],
  ])('refuses %s', async (_name, request, code, reason) => {
    const { sign, registry } = sentry();
    await expect(sign(request)).rejects.toMatchObject({ code });
    await expect(sign(request)).rejects.toThrow(reason);
    expect(await registry.metrics()).toContain('dapr_sentry_cert_sign_failure_total{reason="sign"} 2');
  });

  it('asks for a validator where none is the default', async () => {
    const { sign } = sentry(() => Promise.reject(fault('internal', 'asked')), Validator.JWKS);
    await expect(sign({})).rejects.toThrow('a validator name must be specified in this environment');
  });
});
