import { describe, expect, it } from '#kit/testing/test.ts';
import { startHealthServer } from './server.ts';
import { healthTargets } from './targets.ts';

describe('the health endpoint', () => {
  it('answers 503 with what it waits for until every target is ready, then 200', async () => {
    const targets = healthTargets();
    const api = targets.add('api-server');
    await using server = await startHealthServer(targets, { host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${server.port}/healthz`;
    const before = await fetch(url);
    expect([before.status, await before.text()]).toEqual([503, 'waiting for: api-server\n']);
    api.ready();
    expect((await fetch(url)).status).toBe(200);
    api.notReady();
    expect((await fetch(url)).status).toBe(503);
  });

  it('answers 404 elsewhere and serves added pages', async () => {
    const page = () => ({ status: 200, contentType: 'application/json', body: '{}' });
    await using server = await startHealthServer(healthTargets(), { host: '127.0.0.1', port: 0 }, { '/state': page });
    const at = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
    expect((await at('/')).status).toBe(404);
    expect(await (await at('/state')).text()).toBe('{}');
  });

  it('says which address cannot be bound', async () => {
    await using first = await startHealthServer(healthTargets(), { host: '127.0.0.1', port: 0 });
    await expect(startHealthServer(healthTargets(), { host: '127.0.0.1', port: first.port })).rejects.toThrow(
      `cannot listen for health checks on 127.0.0.1:${first.port}: EADDRINUSE`,
    );
  });
});
