import { configuration } from '#crds/configuration.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { readSettings } from './settings.ts';

const manifest = (mtls: object) =>
  configuration.parse({
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Configuration',
    metadata: { name: 'daprsystem' },
    spec: { mtls },
  });
const hour = 3_600_000;

describe('readSettings', () => {
  it('has defaults for an empty file', () => {
    expect(readSettings(undefined)).toEqual({
      workloadCertTtlMs: 24 * hour,
      allowedClockSkewMs: hour / 4,
      jwks: undefined,
    });
  });

  it('reads times and the token validator', () => {
    const options = { source: 'https://keys', minRefreshInterval: '2m' };
    const mtls = { workloadCertTTL: '1h', allowedClockSkew: '1m', tokenValidators: [{ name: 'jwks', options }] };
    expect(readSettings(manifest(mtls))).toEqual({
      workloadCertTtlMs: hour,
      allowedClockSkewMs: 60_000,
      jwks: { source: 'https://keys', caCertificate: '', minRefreshIntervalMs: 120_000, requestTimeoutMs: 30_000 },
    });
  });

  it.each([
    [{ workloadCertTTL: 'soon' }, 'spec.mtls.workloadCertTTL: "soon" is not a duration'],
    [{ allowedClockSkew: '-1m' }, 'spec.mtls.allowedClockSkew: must not be negative'],
    [{ tokenValidators: [{ name: 'jwks' }] }, 'spec.mtls.tokenValidators[0].options.source: is missing'],
  ])('refuses %j, naming the field', (mtls, reason) => {
    expect(() => readSettings(manifest(mtls))).toThrow(reason);
  });
});
