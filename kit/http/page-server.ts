import type { HealthTargets } from '#kit/health/targets.ts';
import { silentLogger } from '#kit/log/logger.ts';
import type { HttpHandler } from './message.ts';
import { createHttpServer } from './server.ts';

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
export async function startPageServer(handle: HttpHandler, options: PageServerOptions): Promise<PageServer> {
  const { what, target, targets, at } = options;
  const own = targets.add(target);
  const server = createHttpServer({ handle, log: silentLogger, h2c: false });
  const port = await server.listen(at.host, at.port, what);
  own.ready();
  return { port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
