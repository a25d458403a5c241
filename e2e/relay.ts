import { connect, createServer, type NetConnectOpts } from 'node:net';

/** Listens as told and passes each connection's bytes on, both ways: gives a program that knows TCP only a Unix socket. */
export async function startRelay(listen: { port: number } | { path: string }, to: NetConnectOpts) {
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ allowHalfOpen: true, ...to });
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  const at = 'port' in listen ? { port: listen.port, host: '127.0.0.1' } : listen;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at, resolve));
  return {
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
