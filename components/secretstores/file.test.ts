import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openComponent } from '#contracts/component.ts';
import { secretConformance } from '#contracts/conformance/secret.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component, storeOf } from './file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'outrigger-secrets-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const content = { plain: 'p', redis: { password: 'x', hosts: ['a', 'b'], port: 6379 } };

function open(metadata: Record<string, string>, text = JSON.stringify(content)) {
  const secretsFile = path.join(folder, 'secrets.json');
  writeFileSync(secretsFile, text);
  const context = { name: 'secrets', log: silentLogger, signal: new AbortController().signal, env: {} };
  return openComponent(component, { secretsFile, ...metadata }, context);
}

secretConformance('secretstores.local.file', () => open({}), {
  plain: { plain: 'p' },
  'redis:password': { 'redis:password': 'x' },
  'redis:hosts:1': { 'redis:hosts:1': 'b' },
  'redis:port': { 'redis:port': '6379' },
});

secretConformance('secretstores.local.file, multi-valued', () => open({ multiValued: 'true', nestedSeparator: '.' }), {
  plain: { plain: 'p' },
  redis: { password: 'x', 'hosts.0': 'a', 'hosts.1': 'b', port: '6379' },
});

describe('secretstores.local.file', () => {
  it('declares that secrets have several values only when they do', () => {
    const settings = { nestedSeparator: ':', multiValued: true };
    expect(storeOf({}, settings).traits).toEqual(['MULTIPLE_KEY_VALUES_PER_SECRET']);
    expect(storeOf({}, { ...settings, multiValued: false }).traits).toEqual([]);
  });

  it('names the file that cannot be read, and nothing of its content', async () => {
    await expect(open({ secretsFile: path.join(folder, 'none.json') })).rejects.toThrow('none.json');
    await expect(open({}, '{"a": hunter2')).rejects.toThrow(expect.not.stringContaining('hunter2'));
    await expect(open({}, '[]')).rejects.toThrow('must hold a JSON object');
  });
});
