import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { component } from '#crds/component.ts';
import { resiliency } from '#crds/resiliency.ts';
import { createLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { fileSource } from './files.ts';

async function folderOf(files: Record<string, string>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'resources-'));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(path.join(folder, name), text)));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const manifest = (name: string, namespace = '') =>
  `kind: Component\nmetadata: {name: ${name}, namespace: "${namespace}"}\nspec: {type: state.in-memory}\n`;

function sourceOf(folder: string, namespace?: string) {
  const lines: string[] = [];
  const log = createLogger({
    ...{ scope: 'test', level: 'warning', write: (line) => void lines.push(line) },
    format: (_time, _level, message) => message,
  });
  return { lines, source: fileSource({ folders: [folder], namespace, log }) };
}

describe('resources of a folder', () => {
  it('come by the names of their files, documents in their order', async () => {
    await using at = await folderOf({
      '10.yaml': manifest('c'),
      '1.yml': `${manifest('a')}---\n${manifest('b')}`,
      '2.txt': manifest('never'),
    });
    const { source } = sourceOf(at.folder);
    expect((await source.list(component)).map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(await source.list(resiliency)).toEqual([]);
  });

  it('are none of a misspelt kind, which is said, and of others’ kinds, which is not', async () => {
    await using at = await folderOf({
      'a.yaml': 'apiVersion: dapr.io/v1alpha1\nkind: Componnent\nmetadata: {name: a}\n',
      'b.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: b}\n---\nversion: 1\napps: []\n',
    });
    const { source, lines } = sourceOf(at.folder);
    expect([await source.list(component), await source.list(resiliency)]).toEqual([[], []]);
    expect(lines).toEqual([
      `A document in ${path.join(at.folder, 'a.yaml')} is left out: dapr.io has no kind "Componnent"; did you mean Component?`,
    ]);
  });

  it('are those of the namespace, or of none, where one is given', async () => {
    await using at = await folderOf({
      'a.yaml': `${manifest('a', 'x')}---\n${manifest('b', 'y')}---\n${manifest('c')}`,
    });
    const names = async (namespace?: string) =>
      (await sourceOf(at.folder, namespace).source.list(component)).map(({ metadata }) => metadata.name);
    expect(await names('x')).toEqual(['a', 'c']);
    expect(await names()).toEqual(['a', 'b', 'c']);
  });

  it('are known by keys in any case of letters, a key that is there twice by its last value', async () => {
    await using at = await folderOf({
      'a.yaml': 'kind: Subscription\nKind: Component\nMetadata: {name: a}\nspec: {type: a.b, type: state.in-memory}\n',
    });
    const [found] = await sourceOf(at.folder).source.list(component);
    expect([found?.metadata.name, found?.spec.type]).toEqual(['a', 'state.in-memory']);
  });

  it('leave out what cannot be read, and say so once', async () => {
    await using at = await folderOf({ 'a.yaml': `a: [1\n---\nkind: Component\nspec: 5\n---\n${manifest('good')}` });
    const { source, lines } = sourceOf(at.folder);
    expect((await source.list(component)).map(({ metadata }) => metadata.name)).toEqual(['good']);
    await source.list(component);
    expect(lines).toEqual([
      expect.stringMatching(/^A document in .*a\.yaml is left out: Flow sequence/),
      expect.stringMatching(/^A resource in .*a\.yaml is left out: Component "" is not valid: spec: must be an object/),
    ]);
  });

  it('leave out a document with an alias of nothing, which is a text that lacks quotes', async () => {
    await using at = await folderOf({ 'a.yaml': `kind: Component\nspec: {type: ****}\n---\n${manifest('good')}` });
    const { source, lines } = sourceOf(at.folder);
    expect((await source.list(component)).map(({ metadata }) => metadata.name)).toEqual(['good']);
    expect(lines).toEqual([expect.stringMatching(/^A document in .*a\.yaml is left out: Unresolved alias/)]);
  });

  it('name the folder that is not there', async () => {
    await expect(sourceOf('/none/here').source.list(component)).rejects.toThrow(
      'cannot read the resources folder /none/here: ENOENT',
    );
  });
});
