import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

const from = 15_000;
const to = 32_000;

/**
 * `count` TCP ports of `host` that nothing listens on, drawn at random. They are all held open together before any is
 * given back, so no port is handed out twice; and none is of those that Linux gives to outgoing connections, one of
 * which could take a port before its server does.
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const held = new Map<number, () => Promise<void>>();
  const outgoing = await outgoingPorts();
  while (held.size < count) {
    const port = from + Math.floor(Math.random() * (to - from));
    const free = held.has(port) || outgoing(port) ? undefined : await hold(port, host);
    if (free !== undefined) held.set(port, free);
  }
  await Promise.all([...held.values()].map((free) => free()));
  return [...held.keys()];
}

/** Tells the ports that Linux gives to outgoing connections; a machine may be set to more than its 32768 and above. */
async function outgoingPorts(): Promise<(port: number) => boolean> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '');
  const [first = to, last = to] = range.split(/\s+/).map(Number);
  // Where they leave too few of ours, theirs have to do.
  return (port) => first - from > 1_000 && port >= first && port <= last;
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
