import { createServer } from 'node:net';
import { listen } from '#kit/http/listen.ts';

/** Ports of the loopback interface that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(servers.map((server) => listen(server, 'a free port', '127.0.0.1', 0)));
  } finally {
    for (const server of servers) server.close();
  }
}
