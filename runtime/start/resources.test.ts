import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { RuntimeConfig } from '../config.ts';
import { startResources } from './resources.ts';

const manifest = (name: string, rate: string) =>
  `kind: Configuration\nmetadata: {name: ${name}}\nspec: {tracing: {samplingRate: "${rate}"}}\n`;

async function world() {
  const folder = await mkdtemp(path.join(tmpdir(), 'resources-'));
  const resources = path.join(folder, 'resources');
  await mkdir(resources);
  const file = path.join(folder, 'config.yaml');
  await writeFile(file, manifest('own', '0'));
  const end = new AbortController();
  const lines: string[] = [];
  const log = createLogger({
    ...{ scope: 'test', level: 'warning', write: (line) => void lines.push(line) },
    format: (_time, _level, message) => message,
  });
  const config = { mode: 'standalone', configs: [file], resourcesPaths: [resources], env: {}, namespaceGiven: false };
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true }));
  stack.defer(() => end.abort());
  const started = await startResources({
    ...{ config: config as unknown as RuntimeConfig, security: undefined, log, signal: end.signal, stack },
  });
  let changes = 0;
  started.watchConfiguration(() => void changes++);
  return { file, resources, started, lines, changes: () => changes, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe('the Configuration of files', () => {
  it('is read again when its file has changed', async () => {
    await using at = await world();
    expect(at.started.configuration.spec.tracing?.samplingRate).toBe('0');
    await writeFile(at.file, manifest('own', '1'));
    await eventually(() => expect(at.changes()).toBeGreaterThan(0));
    expect((await at.started.readConfiguration()).spec.tracing?.samplingRate).toBe('1');
  });

  it('is not read again for what else happens in its folder', async () => {
    await using at = await world();
    await writeFile(path.join(path.dirname(at.file), 'daprd.log'), 'a line');
    await writeFile(at.file, manifest('own', '1'));
    await eventually(() => expect(at.changes()).toBe(1));
    await writeFile(path.join(path.dirname(at.file), 'daprd.log'), 'another line');
    await writeFile(at.file, manifest('own', '2'));
    await eventually(() => expect(at.changes()).toBe(2));
  });

  it('does not come from a resources folder, which is said once', async () => {
    await using at = await world();
    await writeFile(path.join(at.resources, 'a.yaml'), manifest('stray', '1'));
    await eventually(() => expect(at.lines).toHaveLength(1));
    expect(at.lines[0]).toBe('Configuration stray in a resources folder is not in use, unless --config names its file');
  });
});
