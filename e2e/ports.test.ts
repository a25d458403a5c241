import { createServer } from 'node:net';
import { listen } from '#kit/http/listen.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { freePorts } from './ports.ts';

describe('free ports', () => {
  it('are as many as asked for, each another one, and may be listened on', async () => {
    const ports = await freePorts(50);
    expect(new Set(ports).size).toBe(50);
    for (const port of ports) {
      const server = createServer();
      expect(await listen(server, 'tests', '127.0.0.1', port)).toBe(port);
      server.close();
    }
  });
});
