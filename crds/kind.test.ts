import fc from 'fast-check';
import { parse } from 'yaml';
import { Fault } from '#kit/errors/fault.ts';
import { daprResources } from '#kit/kube/resource.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { component } from './component.ts';
import { configuration } from './configuration.ts';
import { readFixture } from './fixtures/read.ts';
import { kinds } from './kinds.ts';
import { subscription } from './subscription.ts';

type Manifest = { kind: string; apiVersion: string; metadata: { name: string }; spec?: Record<string, unknown> };

const kindOf = (manifest: Manifest) => kinds.find(({ kind }) => kind === manifest.kind)!;

const accepted = ['components.yaml', 'configurations.yaml', 'others.yaml']
  .flatMap((file) => readFixture<Manifest>(file))
  .filter((manifest) => manifest.spec !== undefined);

describe('every kind', () => {
  it('is known to the client of the API server, in the version that is stored', () => {
    const served = Object.values(daprResources).map(({ group, version, plural, kind }) => [
      kind,
      plural,
      `${group}/${version}`,
    ]);
    expect(kinds.map(({ kind, plural, apiVersion }) => [kind, plural, apiVersion]).sort()).toEqual(served.sort());
  });

  it.each(accepted.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest] as const))(
    'reads %s',
    (_name, manifest) => {
      expect(kindOf(manifest).parse(manifest).metadata.name).toBe(manifest.metadata.name);
    },
  );

  it.each(kinds.flatMap((kind) => kind.versions.map(({ name, example }) => [kind.kind, name, kind, example] as const)))(
    'reads the example of %s %s from its docs page',
    (_kind, _version, kind, example) => {
      expect(kind.parse(parse(example)).metadata.name).not.toBe('');
    },
  );

  it.each(
    readFixture<{ wrong: string; manifest: Manifest }>('refused.yaml').map(
      ({ wrong, manifest }) => [manifest.kind, manifest.metadata.name, wrong, manifest] as const,
    ),
  )('refuses %s %s and names %s', (kind, name, wrong, manifest) => {
    expect(() => kindOf(manifest).parse(manifest)).toThrow(`${kind} "${name}" is not valid: ${wrong}: `);
  });

  it('answers any JSON with a manifest or a fault, never with another error', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.jsonValue(), fc.jsonValue(), (kind, metadata, spec) => {
        try {
          kind.parse({ metadata, spec });
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});

describe('a Component', () => {
  const read = (spec: Record<string, unknown>) => component.parse({ metadata: { name: 'x' }, spec });

  it('may leave out what only the cluster demands', () => {
    expect(read({ type: 'state.in-memory' }).spec).toEqual({
      type: 'state.in-memory',
      version: '',
      ignoreErrors: false,
      metadata: [],
    });
  });

  it('takes numbers and booleans where texts are wanted, in any letter case of the field', () => {
    expect(
      read({ Type: 'state.redis', VERSION: 1, initTimeout: null, metadata: [{ name: 5, VALUE: 7 }] }).spec,
    ).toEqual({ type: 'state.redis', version: '1', ignoreErrors: false, metadata: [{ name: '5', value: 7 }] });
  });

  it('names all that is wrong at once', () => {
    expect(() => read({ ignoreErrors: 'x', metadata: 7 })).toThrow(
      'Component "x" is not valid: spec.type: is missing; spec.ignoreErrors: must be a boolean, got a string; spec.metadata: must be a list, got a number',
    );
  });

  it('is told apart from what is no object', () => {
    expect(() => component.parse('text')).toThrow('a Component must be an object, got a string');
  });
});

describe('a Configuration', () => {
  it('takes OTLP headers as pairs or as texts', () => {
    const otel = { headers: ['a=b=c', { name: 'd', value: 'e' }, 'f'] };
    expect(configuration.parse({ spec: { tracing: { otel } } }).spec.tracing?.otel?.headers).toEqual([
      { name: 'a', value: 'b=c' },
      { name: 'd', value: 'e' },
      { name: 'f', value: '' },
    ]);
  });

  it('keeps free-form options whole', () => {
    const nameResolution = { component: 'sqlite', configuration: { a: null, B: [1] } };
    expect(configuration.parse({ spec: { nameResolution } }).spec.nameResolution?.configuration).toEqual({
      a: null,
      B: [1],
    });
  });
});

describe('a Subscription', () => {
  it('of the older version is read into the newer one', () => {
    const manifest = {
      apiVersion: 'dapr.io/v1alpha1',
      metadata: { name: 'x' },
      spec: { pubsubname: 'p', topic: 't', route: '/r' },
    };
    expect(subscription.parse(manifest)).toMatchObject({
      apiVersion: 'dapr.io/v2alpha1',
      spec: { pubsubname: 'p', topic: 't', routes: { default: '/r' } },
    });
  });
});
