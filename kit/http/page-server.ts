import { createServer, type RequestListener } from 'node:http';
import type { HealthTargets } from '#kit/health/targets.ts';
import { listen } from './listen.ts';

export type PageServer = AsyncDisposable & { port: number };

export type PageServerOptions = {
  /** What it serves, for the message where its port is taken. */
  what: string;
  /** Its name among the targets of the health page. */
  target: string;
  targets: HealthTargets;
  at: { host: string; port: number };
};

/** Serves a few pages beside the binary's own work, such as health or metrics; disposing cuts connections. */
export async function startPageServer(listener: RequestListener, options: PageServerOptions): Promise<PageServer> {
  const { what, target, targets, at } = options;
  const own = targets.add(target);
  const server = createServer(listener);
  const port = await listen(server, what, at.host, at.port);
  own.ready();
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
