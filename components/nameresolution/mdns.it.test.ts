import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { component } from './mdns.ts';

const open = () =>
  component.open({}, { name: 'mdns', log: silentLogger, signal: new AbortController().signal, env: {} });
const query = (appId: string) => ({ appId, namespace: 'default', port: 1 });

describe('nameresolution.mdns on the real network', () => {
  it('finds every sidecar that announces an app, and forgets one that says goodbye', async () => {
    const appId = `app-${process.pid}-${Date.now()}`;
    await using seeker = await open();
    await using first = await open();
    await first.announce!({ appId, namespace: 'default', address: '127.0.0.1', port: 4001 });
    await eventually(async () => expect(await seeker.resolve(query(appId))).toContain('127.0.0.1:4001'));
    const second = await open();
    await second.announce!({ appId, namespace: 'default', address: '127.0.0.1', port: 4002 });
    await eventually(async () => expect(await seeker.resolve(query(appId))).toContain('127.0.0.1:4002'));
    await second[Symbol.asyncDispose]();
    await eventually(async () => expect(await seeker.resolve(query(appId))).toEqual(['127.0.0.1:4001']));
  });

  it('says which app it cannot find', async () => {
    await using seeker = await open();
    await expect(seeker.resolve(query('nobody-here'))).rejects.toThrow("couldn't find service: nobody-here");
  });
});
