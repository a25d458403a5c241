import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { toFault } from '#kit/errors/fault.ts';
import { listen } from '#kit/http/listen.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { RuntimeConfig } from '../config.ts';

const longestSeconds = 300;

/**
 * Serves profiles of this process where the flags say so: `GET /debug/pprof/profile?seconds=30` is a V8 CPU profile,
 * `/debug/pprof/heap` a V8 heap snapshot; both open in a browser's developer tools.
 */
export async function startProfiling(
  { profiling, api }: RuntimeConfig,
  { log, stack }: { log: Logger; stack: AsyncDisposableStack },
): Promise<void> {
  if (!profiling.enabled) return;
  const server = createServer((request, response) => {
    answer(request, response).catch((thrown) => response.writeHead(500).end(`${toFault(thrown).message}\n`));
  });
  stack.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const host = api.addresses[0] ?? '';
  await listen(server, 'profiles', host, profiling.port);
  log.info(`Profiling server is running on port ${profiling.port}`);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/debug/pprof/heap') {
    const { getHeapSnapshot } = await import('node:v8');
    getHeapSnapshot().pipe(response.writeHead(200, { 'content-type': 'application/json' }));
  } else if (pathname === '/debug/pprof/profile') {
    const seconds = Math.min(Number(searchParams.get('seconds')) || 30, longestSeconds);
    const profile = await cpuProfile(seconds * 1_000);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(profile));
  } else response.writeHead(404).end();
}

async function cpuProfile(ms: number): Promise<unknown> {
  const { Session } = await import('node:inspector/promises');
  const { setTimeout: pause } = await import('node:timers/promises');
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await pause(ms, undefined, { ref: false });
    return (await session.post('Profiler.stop')).profile;
  } finally {
    session.disconnect();
  }
}
