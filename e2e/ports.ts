import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

/**
 * `count` TCP ports of `host` that nothing listens on, drawn at random. They are all held open together before any is
 * given back, so no port is handed out twice; and none is of those that Linux gives to outgoing connections, one of
 * which could take a port before its server does.
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const held = new Map<number, () => Promise<void>>();
  const end = await firstOutgoing();
  const most = Math.min(17_000, end - 1_024);
  while (held.size < count) {
    const port = end - 1 - Math.floor(Math.random() * most);
    const free = held.has(port) ? undefined : await hold(port, host);
    if (free !== undefined) held.set(port, free);
  }
  await Promise.all([...held.values()].map((free) => free()));
  return [...held.keys()];
}

/** The first port that Linux gives to outgoing connections. Where they may have nearly all, theirs have to do. */
async function firstOutgoing(): Promise<number> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '');
  const first = Number(range.split(/\s+/)[0]);
  return first > 5_000 ? Math.min(first, 32_000) : 32_000;
}

/** Binds the port; answers how to give it back, or undefined where it is taken. */
function hold(port: number, host: string): Promise<(() => Promise<void>) | undefined> {
  const server = createServer();
  const free = () => new Promise<void>((closed) => server.close(() => closed()));
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => resolve(free));
  });
}
