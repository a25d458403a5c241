import { rm } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import { fault } from '#kit/errors/fault.ts';

/**
 * Binds a server and answers its port. An empty host binds every address.
 * Throws `unavailable` that names the purpose, address and reason when it cannot be bound.
 */
export function listen(server: Server, purpose: string, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) =>
      reject(
        fault('unavailable', `cannot listen for ${purpose} on ${host || '*'}:${port}: ${cause.code ?? cause.message}`, {
          cause,
        }),
      );
    server.once('error', failed);
    const bound = () => {
      server.off('error', failed);
      resolve((server.address() as AddressInfo).port);
    };
    if (host === '') server.listen(port, bound);
    else server.listen(port, host, bound);
  });
}

/**
 * Binds a server to a Unix socket, in place of a stale one. Throws `unavailable` that names the purpose, path and reason.
 */
export async function listenSocket(server: Server, purpose: string, path: string): Promise<void> {
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) =>
      reject(
        fault('unavailable', `cannot listen for ${purpose} on unix:${path}: ${cause.code ?? cause.message}`, { cause }),
      );
    server.once('error', failed);
    server.listen(path, () => {
      server.off('error', failed);
      resolve();
    });
  });
}
