import { createServer } from 'node:net';

/** Below the ports that Linux gives to outgoing connections (32768 and above): one of those could take a port back. */
const from = 15_000;
const to = 32_000;

/**
 * `count` TCP ports of `host` that nothing listens on, drawn at random. They are all held open together before any is
 * given back, so no port is handed out twice.
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const held = new Map<number, () => Promise<void>>();
  while (held.size < count) {
    const port = from + Math.floor(Math.random() * (to - from));
    const free = held.has(port) ? undefined : await hold(port, host);
    if (free !== undefined) held.set(port, free);
  }
  await Promise.all([...held.values()].map((free) => free()));
  return [...held.keys()];
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
