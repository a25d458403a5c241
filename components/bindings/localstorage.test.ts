import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bindingConformance } from '#contracts/conformance/binding.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { openLocalStorage } from './localstorage.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'outrigger-storage-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

bindingConformance('bindings.localstorage', () => openLocalStorage(root), {
  invoke: { operation: 'create', data: bytes('x'), metadata: { fileName: 'a/b.txt' } },
});

describe('bindings.localstorage', () => {
  const call = async (operation: string, fileName?: string, data = '') => {
    const binding = await openLocalStorage(root);
    const metadata = fileName === undefined ? {} : { fileName };
    return Buffer.from((await binding.invoke!({ operation, data: bytes(data), metadata })).data ?? []).toString();
  };

  it('writes, reads, lists and deletes files', async () => {
    expect(JSON.parse(await call('create', 'a/b.txt', '"hello"'))).toEqual({ fileName: 'a/b.txt' });
    expect(await call('get', 'a/b.txt')).toBe('hello');
    expect(JSON.parse(await call('list'))).toEqual([path.join(root, 'a/b.txt')]);
    await call('delete', 'a/b.txt');
    await expect(call('get', 'a/b.txt')).rejects.toThrow('file not found');
  });

  it('keeps JSON as it is and decodes base64', async () => {
    await call('create', 'j', '{"a":1}');
    await call('create', 'b', '"AAEC"');
    expect([await call('get', 'j'), [...readFileSync(path.join(root, 'b'))]]).toEqual(['{"a":1}', [0, 1, 2]]);
  });

  it('makes up a name where none is given', async () => {
    const { fileName } = JSON.parse(await call('create', undefined, 'x'));
    expect(await call('get', fileName)).toBe('x');
  });

  it.each(['../../etc/passwd', '/etc/passwd', 'a/../../x'])('keeps %s below the root', async (name) => {
    await call('create', name, 'mine');
    expect(JSON.parse(await call('list'))[0]).toContain(root);
  });

  it('follows no link out of the root', async () => {
    symlinkSync('/etc', path.join(root, 'out'));
    await expect(call('get', 'out/hostname')).rejects.toThrow('leads out of the root');
  });

  it('refuses folders of the system', async () => {
    await expect(openLocalStorage('/proc/self')).rejects.toThrow(/disallowed|cannot be used/);
  });
});
