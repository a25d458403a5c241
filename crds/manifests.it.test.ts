import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { binaries } from '#e2e/cluster/binaries.ts';
import { type ControlPlane, startControlPlane } from '#e2e/cluster/control-plane.ts';
import { applyKinds } from '#e2e/kinds.ts';
import { run } from '#e2e/run.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { readFixture } from './fixtures/read.ts';
import { kinds } from './kinds.ts';

const folder = path.resolve(import.meta.dirname, '../charts/outrigger/crds');

type Manifest = { kind: string; apiVersion: string; metadata: { name: string } };

let cluster: ControlPlane;
let kubectl: (args: string[], input?: string) => Promise<string>;

beforeAll(async () => {
  cluster = await startControlPlane();
  const program = path.join(await binaries('kubernetes'), 'kubectl');
  kubectl = (args, input = '') => run(program, ['--kubeconfig', cluster.kubeconfig, ...args], { input });
  await applyKinds(kubectl);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** No operator runs here to convert, so only the stored version of a kind can be created. */
const isStored = ({ kind, apiVersion }: Manifest) =>
  kinds.find((known) => known.kind === kind)?.apiVersion === apiVersion;

describe('the CustomResourceDefinitions in a real API server', () => {
  it('are all accepted and served without a complaint about their schemas', async () => {
    const list = JSON.parse(await kubectl(['get', 'crds', '-o', 'json'])) as {
      items: { status: { conditions: { type: string }[] } }[];
    };
    expect(list.items).toHaveLength(readdirSync(folder).length);
    const problems = list.items.flatMap(({ status }) =>
      status.conditions.filter(({ type }) => type === 'NonStructuralSchema'),
    );
    expect(problems).toEqual([]);
  });

  const fixtures = ['components.yaml', 'configurations.yaml', 'others.yaml'].flatMap((file) =>
    readFixture<Manifest>(file),
  );
  it.each(fixtures.filter(isStored).map((manifest) => [manifest.kind, manifest.metadata.name, manifest] as const))(
    'take %s %s',
    async (_kind, _name, manifest) => {
      await kubectl(['create', '--validate=ignore', '-f', '-'], stringify(manifest));
    },
  );

  const examples = kinds.map((kind) => [kind.kind, kind.versions.find(({ storage }) => storage)!.example] as const);
  it.each(examples)('take the example of %s strictly', async (_kind, example) => {
    const manifest = parse(example) as Manifest;
    await kubectl(
      ['create', '--validate=strict', '-f', '-'],
      stringify({ ...manifest, metadata: { name: 'example' } }),
    );
  });

  const refused = readFixture<{ wrong: string; manifest: Manifest }>('refused.yaml');
  it.each(refused.map(({ wrong, manifest }) => [manifest.kind, manifest.metadata.name, wrong, manifest] as const))(
    'refuse %s %s and name %s',
    async (_kind, _name, wrong, manifest) => {
      await expect(kubectl(['create', '--validate=ignore', '-f', '-'], stringify(manifest))).rejects.toThrow(wrong);
    },
  );

  it('show type, acceptance and how many sidecars loaded a Component', async () => {
    const status = {
      loaded: '2/3',
      conditions: [
        {
          type: 'Accepted',
          status: 'True',
          reason: 'Valid',
          message: 'fits',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    };
    await kubectl([
      'patch',
      'component',
      'example',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status }),
    ]);
    const [head, line] = (await kubectl(['get', 'component', 'example'])).trim().split('\n');
    expect(head?.split(/\s+/)).toEqual(['NAME', 'TYPE', 'ACCEPTED', 'LOADED', 'AGE', 'PROBLEM']);
    expect(line?.split(/\s+/).slice(0, 4)).toEqual(['example', 'state.redis', 'True', '2/3']);
  });

  it('keep JSON values of settings as they were given', async () => {
    const stored = JSON.parse(await kubectl(['get', 'component', 'every-field', '-o', 'json'])) as {
      spec: { metadata: { name: string; value?: unknown }[] };
    };
    const values = Object.fromEntries(stored.spec.metadata.map(({ name, value }) => [name, value]));
    expect(values).toMatchObject({ number: 5, fraction: 0.25, switch: true, list: [1, 'two', { three: 3 }] });
  });
});
