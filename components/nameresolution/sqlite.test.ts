import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openComponent } from '#contracts/component.ts';
import type { NameResolver } from '#contracts/names.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './sqlite.ts';

const self = (port: number) => ({ appId: 'shop', namespace: 'default', address: '127.0.0.1', port });
const query = (appId: string) => ({ appId, namespace: 'default', port: 1 });

describe('nameresolution.sqlite', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'outrigger-names-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const open = (more: Record<string, string> = {}): Promise<NameResolver> =>
    openComponent(
      component,
      { connectionString: path.join(folder, 'names.db'), ...more },
      {
        name: 'sqlite',
        log: silentLogger,
        signal: new AbortController().signal,
        env: {},
      },
    );

  it('finds every sidecar that is registered, and none that has left', async () => {
    await using seeker = await open();
    await using first = await open();
    await first.announce!(self(1));
    const second = await open();
    await second.announce!(self(2));
    expect(await seeker.resolve(query('shop'))).toEqual(['127.0.0.1:1', '127.0.0.1:2']);
    await second[Symbol.asyncDispose]();
    expect(await seeker.resolve(query('shop'))).toEqual(['127.0.0.1:1']);
  });

  it('gives an address to whoever registered it last', async () => {
    await using first = await open();
    await using second = await open();
    await first.announce!({ ...self(1), appId: 'old' });
    await second.announce!(self(1));
    expect(await first.resolve(query('shop'))).toEqual(['127.0.0.1:1']);
    await expect(first.resolve(query('old'))).rejects.toThrow("couldn't find service: old");
  });

  it('refuses times that cannot work', async () => {
    await expect(open({ updateInterval: '1500ms' })).rejects.toThrow('must not contain fractions of seconds');
    await expect(open({ updateInterval: '1s' })).rejects.toThrow('at least 1s greater than timeout');
  });
});
