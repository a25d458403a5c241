import { definition, releaseAnnotation } from '#crds/definition.ts';
import { kinds } from '#crds/kinds.ts';
import { resources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { releaseConversion, trustConversionWebhook } from './conversion-trust.ts';
import { isOlder, upgradeDefinitions } from './definitions.ts';

const crds = resources.customResourceDefinitions;
const name = 'subscriptions.dapr.io';

type Crd = {
  metadata: { annotations?: Record<string, string> };
  spec: { versions: unknown[]; conversion?: { strategy: string; webhook?: { clientConfig: object } | null } };
};

/** An API server with all kinds, as a release installed them: with one version that is not ours any more. */
function installed(release: string | undefined) {
  const kube = fakeKube();
  for (const kind of kinds) {
    const { metadata, spec, ...rest } = definition(kind);
    const annotations = release === undefined ? {} : { [releaseAnnotation]: release };
    kube.put(crds, { ...rest, metadata: { ...metadata, annotations }, spec: { ...spec, versions: [{ name: 'old' }] } });
  }
  return kube;
}

describe('upgradeDefinitions', () => {
  it('brings those of an older release up to date and leaves their conversion alone', async () => {
    const kube = installed('0.0.9');
    await upgradeDefinitions(kube.client, silentLogger, '0.1.0');
    for (const kind of kinds) {
      const found = kube.read<Crd>(crds, { name: `${kind.plural}.dapr.io` });
      expect(found?.spec.versions).toEqual(definition(kind).spec.versions);
      expect(found?.metadata.annotations?.[releaseAnnotation]).toBe('0.1.0');
    }
    expect(kube.read<Crd>(crds, { name })?.spec.conversion?.strategy).toBe('Webhook');
  });

  it.each([['0.1.0'], ['0.2.0'], [undefined]])('leaves alone those of release %p', async (release) => {
    const kube = installed(release);
    await upgradeDefinitions(kube.client, silentLogger, '0.1.0');
    expect(kube.read<Crd>(crds, { name })?.spec.versions).toEqual([{ name: 'old' }]);
  });

  it('minds no cluster without them', async () => {
    await upgradeDefinitions(fakeKube().client, silentLogger);
  });
});

describe('isOlder', () => {
  it.each([
    ['0.1.0', '0.2.0', true],
    ['0.9.0', '0.10.0', true],
    ['1.0.0', '0.10.0', false],
    ['1.0.0', '1.0.0', false],
    ['1.0.0-rc.1', '1.0.1', true],
  ])('says of %s and %s: %p', (one, other, expected) => {
    expect(isOlder(one, other)).toBe(expected);
  });
});

describe('the conversion webhook', () => {
  it('is taken out before the control plane goes, and put back by the next one', async () => {
    const kube = installed('0.1.0');
    await releaseConversion(kube.client, silentLogger);
    const released = kube.read<Crd>(crds, { name })?.spec.conversion;
    expect([released?.strategy, released?.webhook ?? undefined]).toEqual(['None', undefined]);
    await trustConversionWebhook(kube.client, 'elsewhere', 'PEM', silentLogger);
    expect(kube.read<Crd>(crds, { name })?.spec.conversion).toMatchObject({
      strategy: 'Webhook',
      webhook: { clientConfig: { service: { namespace: 'elsewhere', name: 'dapr-webhook' }, caBundle: 'UEVN' } },
    });
  });
});
