import type { V1Pod } from '@kubernetes/client-node';
import fc from 'fast-check';
import { component } from '#crds/component.ts';
import { Fault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { annotations, prefix } from './annotations.ts';
import { plan } from './plan.ts';
import { applyPatch } from './testing/apply-patch.ts';
import { patchOf, readGoldens } from './testing/golden.ts';
import { testSettings } from './testing/settings.ts';

const pod = (given: Record<string, string> = {}, changes: Partial<V1Pod['spec']> = {}): V1Pod => ({
  metadata: { name: 'shop', annotations: given },
  spec: { containers: [{ name: 'shop', image: 'shop:1' }], ...changes },
});

const carrying = (json: string, name = 'store') =>
  component.parse({
    metadata: { name, namespace: 'shop', annotations: { 'dapr.io/component-container': json } },
    spec: { type: 'state.store' },
  });

describe('plan', () => {
  it.each(readGoldens().map((golden) => [golden.says, golden] as const))('shows that %s', (_says, golden) => {
    expect(patchOf(golden)).toEqual({ patched: golden.patched, warnings: golden.warnings });
  });

  it('leaves a pod alone that has a sidecar, native or not', () => {
    const daprd = { name: 'daprd', image: 'daprd:1' };
    expect(plan(pod({}, { containers: [daprd] }), testSettings()).operations).toEqual([]);
    expect(plan(pod({}, { initContainers: [daprd] }), testSettings()).operations).toEqual([]);
  });

  it('does nothing a second time', () => {
    const { operations } = plan(pod(), testSettings());
    expect(plan(applyPatch(pod(), operations), testSettings()).operations).toEqual([]);
  });

  it('asks for an app ID where the pod has no name yet', () => {
    expect(() => plan({ metadata: { generateName: 'shop-' }, spec: { containers: [] } }, testSettings())).toThrow(
      'set the annotation dapr.io/app-id',
    );
  });

  it.each(['Shop', '-shop', 'shop.one', 'x'.repeat(59)])('refuses the app ID %p', (appId) => {
    expect(() => plan(pod({ 'dapr.io/app-id': appId }), testSettings())).toThrow(`app ID "${appId}" is not valid`);
  });

  it.each([
    ['{', 'Component "shop/store": annotation dapr.io/component-container is not JSON'],
    ['[]', 'Component "shop/store": annotation dapr.io/component-container is no container: it: '],
    ['{"name":"x"}', 'is no container: image: '],
    ['{"image":"x","env":[{}]}', 'is no container: env.0.name: '],
  ])('refuses a pod when a Component carries the container %p, and says why', (json, message) => {
    const asked = pod({ 'dapr.io/inject-pluggable-components': 'true' });
    expect(() => plan(asked, testSettings({ components: [carrying(json)] }))).toThrow(message);
    expect(() => plan(pod(), testSettings({ components: [carrying(json)] }))).not.toThrow();
  });

  it('refuses two containers of one name', () => {
    const asked = pod({ 'dapr.io/inject-pluggable-components': 'true' });
    const components = [carrying('{"image":"x","name":"shop"}')];
    expect(() => plan(asked, testSettings({ components }))).toThrow('the pod has a container "shop" already');
  });

  it('says what is missing when there is no image for component containers', () => {
    const orders = component.parse({
      metadata: { name: 'orders', annotations: { 'outrigger.dev/host': 'container' } },
      spec: { type: 'state.redis' },
    });
    const { componentImage: _none, ...settings } = testSettings({ components: [orders] });
    expect(() => plan(pod(), settings)).toThrow('Component "orders" asks for a container');
  });

  it('makes a patch that applies, or a fault, whatever the annotations say', () => {
    const names = Object.keys(annotations).map((name) => prefix + name);
    const given = fc.dictionary(fc.constantFrom(...names), fc.string());
    fc.assert(
      fc.property(given, fc.boolean(), (texts, nativeSidecars) => {
        try {
          const { operations } = plan(pod(texts), testSettings({ nativeSidecars }));
          const patched = applyPatch(pod(texts), operations);
          expect(patched.metadata?.labels?.['dapr.io/sidecar-injected']).toBe('true');
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});
