import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs `work` while no other process on this machine runs any under the same path. What is held is a socket of that
 * name in Linux's abstract namespace: the kernel gives it to one process alone, and takes it back however that ends.
 */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const name = `\0outrigger-${createHash('sha256').update(resolve(path)).digest('hex')}`;
  let free = await take(name);
  while (free === undefined) {
    await delay(500);
    free = await take(name);
  }
  try {
    return await work();
  } finally {
    await free();
  }
}

/** Binds the socket; answers how to give it back, or undefined where another process has it. */
function take(name: string): Promise<(() => Promise<void>) | undefined> {
  const server = createServer((connection) => connection.destroy());
  const free = () => new Promise<void>((closed) => server.close(() => closed()));
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? done(undefined) : fail(error),
    );
    server.listen(name, () => done(free));
  });
}
