import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { openRegistry, type RunRecord } from './registry.ts';

const record = (appId: string, pid: number): RunRecord => ({
  appId,
  pid,
  sidecarPid: pid + 1,
  appPid: undefined,
  appPort: undefined,
  ports: { http: 1, grpc: 2, internal: 3, metrics: 4, profile: 5 },
  files: { resourcesPaths: ['/res'], configs: [], appProtocol: 'http' },
  command: 'node app.js',
  started: '2026-11-21T08:00:00.000Z',
});

describe('the registry of running apps', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'outrigger-registry-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('lists what runs and forgets what has died or was removed', async () => {
    const registry = openRegistry(folder, (pid) => pid !== 20);
    await registry.add(record('shop', 10));
    await registry.add(record('cart', 20));
    await registry.add(record('mail', 30));
    await registry.remove('mail');
    expect((await registry.list()).map((one) => one.appId)).toEqual(['shop']);
    expect((await openRegistry(folder, () => true).list()).map((one) => one.appId)).toEqual(['shop']);
  });

  it('is empty where nothing was ever run', async () => {
    expect(await openRegistry(path.join(folder, 'none'), () => true).list()).toEqual([]);
  });
});
