import type { RawHandler } from '#kit/grpc/call.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import type { Implementation } from '#kit/grpc/service.ts';
import type { ServerTls } from '#kit/grpc/tls.ts';
import type { HttpHandler } from '#kit/http/message.ts';
import { createHttpServer } from '#kit/http/server.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { RuntimeConfig } from '../config.ts';
import type { Drainable } from './doors.ts';

/** Most bytes of the headers of a call over HTTP/1.1, as over gRPC. */
const maxHeaderBytes = 64 * 1024;

/** Serves calls from other sidecars; answers the port, which is any free one where the wanted one is taken. */
export async function startInternalServer(
  { api }: RuntimeConfig,
  start: {
    services: readonly Implementation[];
    /** Serves calls of other services, which other sidecars pass on. */
    proxy: RawHandler;
    /** Serves calls of our own sidecars, which come over HTTP/1.1. */
    direct: HttpHandler | undefined;
    tls: ServerTls | undefined;
    wantedPort: number;
    log: Logger;
    stack: AsyncDisposableStack;
  },
): Promise<{ port: number; server: Drainable }> {
  const { services, proxy, direct, tls, wantedPort, log, stack } = start;
  const maxBodyBytes = api.maxBodyBytes || Number.MAX_SAFE_INTEGER;
  const http = direct && stack.use(createHttpServer({ handle: direct, log, maxBodyBytes, maxHeaderBytes, h2c: false }));
  const server = stack.use(
    await createGrpcServer({
      services,
      unknown: proxy,
      log,
      maxReceiveBytes: maxBodyBytes,
      ...(http && { http1: http.accept }),
      ...(tls === undefined ? {} : { tls }),
    }),
  );
  const bind = (port: number) => server.listen(api.internalAddress, port, 'calls from other sidecars');
  const port =
    api.internalPort === undefined ? await bind(wantedPort).catch(() => bind(0)) : await bind(api.internalPort);
  log.info(`Internal gRPC server is running on ${api.internalAddress}:${port}`);
  const drain = async (graceMs: number) => {
    await Promise.all([http?.drain(graceMs), server.drain(graceMs)]);
  };
  return { port, server: { drain } };
}
