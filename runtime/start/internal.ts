import type { RawHandler } from '#kit/grpc/call.ts';
import type { PlainHandler } from '#kit/grpc/plain-request.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import type { Implementation } from '#kit/grpc/service.ts';
import type { ServerTls } from '#kit/grpc/tls.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { RuntimeConfig } from '../config.ts';
import type { Drainable } from './doors.ts';

/** Serves calls from other sidecars; answers the port, which is any free one where the wanted one is taken. */
export async function startInternalServer(
  { api }: RuntimeConfig,
  start: {
    services: readonly Implementation[];
    /** Serves calls of other services, which other sidecars pass on. */
    proxy: RawHandler;
    /** Serves calls of our own sidecars in their own form. */
    direct: PlainHandler | undefined;
    tls: ServerTls | undefined;
    wantedPort: number;
    log: Logger;
    stack: AsyncDisposableStack;
  },
): Promise<{ port: number; server: Drainable }> {
  const { services, proxy, direct, tls, wantedPort, log, stack } = start;
  const maxBodyBytes = api.maxBodyBytes || Number.MAX_SAFE_INTEGER;
  const server = stack.use(
    await createGrpcServer({
      services,
      unknown: proxy,
      log,
      maxReceiveBytes: maxBodyBytes,
      ...(direct && { plain: direct }),
      ...(tls === undefined ? {} : { tls }),
    }),
  );
  const bind = (port: number) => server.listen(api.internalAddress, port, 'calls from other sidecars');
  const port =
    api.internalPort === undefined ? await bind(wantedPort).catch(() => bind(0)) : await bind(api.internalPort);
  log.info(`Internal gRPC server is running on ${api.internalAddress}:${port}`);
  return { port, server };
}
