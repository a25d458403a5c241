import type { Call, RawHandler } from '#kit/grpc/call.ts';
import type { GrpcServer } from '#kit/grpc/server.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import type { Implementation } from '#kit/grpc/service.ts';
import { createHttpServer, type HttpServer } from '#kit/http/server.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { ApiConfig, RuntimeConfig } from './config.ts';
import type { HttpDoor } from './doors/http/door.ts';
import { incomingBaggage } from './doors/tracing.ts';

const unlimited = Number.MAX_SAFE_INTEGER;

/** Serves an HTTP door: on the API's addresses and port, or on a Unix socket. */
export async function openHttpApi(door: HttpDoor, { api, appId }: RuntimeConfig, log: Logger): Promise<HttpServer> {
  const server = createHttpServer({
    handle: door,
    log,
    maxBodyBytes: api.maxBodyBytes || unlimited,
    maxHeaderBytes: api.maxHeaderBytes,
    h2c: api.http2,
  });
  if (api.unixSocketFolder !== '') {
    await server.listenSocket(`${api.unixSocketFolder}/dapr-${appId}-http.socket`, 'the HTTP API');
    log.info('HTTP server is running on a Unix Domain Socket');
  } else {
    await listenOnAny(api, (host) => server.listen(host, api.httpPort, 'the HTTP API'), log);
    log.info(`HTTP server is running on port ${api.httpPort}`);
  }
  log.info(`The request body size parameter is: ${api.maxBodyBytes} bytes`);
  return server;
}

/** Serves the public pages: health and metadata, without a token. */
export async function openPublicApi(door: HttpDoor, api: ApiConfig, port: number, log: Logger): Promise<HttpServer> {
  const server = createHttpServer({ handle: door, log, maxHeaderBytes: api.maxHeaderBytes, h2c: false });
  await server.listen(api.publicAddress, port, 'the public API');
  return server;
}

/** Serves the gRPC API: on the API's addresses and port, or on a Unix socket. */
export async function openGrpcApi(
  services: readonly Implementation[],
  unknown: RawHandler | undefined,
  { api, appId }: RuntimeConfig,
  log: Logger,
): Promise<GrpcServer> {
  const server = await createGrpcServer({
    services,
    log,
    maxReceiveBytes: api.maxBodyBytes || unlimited,
    reflection: true,
    before: checkCallBaggage,
    ...(unknown === undefined ? {} : { unknown }),
  });
  if (api.unixSocketFolder !== '') {
    await server.listenSocket(`${api.unixSocketFolder}/dapr-${appId}-grpc.socket`, 'the gRPC API');
    log.info('API gRPC server is running on a Unix Domain Socket');
  } else {
    await listenOnAny(api, (host) => server.listen(host, api.grpcPort, 'the gRPC API'), log);
    log.info(`API gRPC server is running on port ${api.grpcPort}`);
  }
  return server;
}

/** Refuses baggage that cannot be read, and gives what can back with the answer. */
function checkCallBaggage(call: Call): void {
  if (call.header('baggage') === undefined) return;
  const baggage = incomingBaggage(call.metadata);
  if (baggage !== undefined) call.responseHeaders['baggage'] = baggage;
}

/** Listens on every address that can be bound; throws the first failure when none can. IPv6 may be missing in a pod. */
async function listenOnAny(api: ApiConfig, bind: (host: string) => Promise<number>, log: Logger): Promise<void> {
  const results = await Promise.allSettled(api.addresses.map(bind));
  for (const result of results) if (result.status === 'rejected') log.debug(String(result.reason.message));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed && results.every((result) => result.status === 'rejected')) throw failed.reason;
}
